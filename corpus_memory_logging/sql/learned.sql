-- What was learned of causes: those that are near one another. Dialect-neutral, like read.sql.

-- name: likeness
SELECT content FROM likenesses WHERE project = :project AND cause_id = :cause_id

-- name: add_likeness
INSERT INTO likenesses (likeness, project, cause_id, content, learned)
VALUES (:likeness, :project, :cause_id, :content, 0)
ON CONFLICT (project, cause_id) DO UPDATE SET content = excluded.content
WHERE likenesses.content <> excluded.content

-- name: learn
UPDATE likenesses SET learned = 1 WHERE project = :project AND cause_id = :cause_id

-- Causes of which something was learned and that share telling words with a text.
-- name: near
SELECT causes.cause_id, likenesses.content
FROM {nearest_likenesses} AS nearest
JOIN likenesses ON likenesses.likeness = nearest.likeness
JOIN causes ON causes.project = likenesses.project AND causes.cause_id = likenesses.cause_id
WHERE causes.signature <> :signature

-- What was learned of a cause. Where a reviewer said another category, kind and culprit of the review
-- are those of an error.
-- name: learned
SELECT causes.cause_id, causes.signature, title.content AS title,
    COALESCE(causes.decided_category, occurrences.category) AS category,
    CASE WHEN COALESCE(causes.decided_category, occurrences.category) = occurrences.category
        THEN occurrences.kind ELSE '' END AS kind,
    CASE WHEN causes.decided_culprit_name IS NOT NULL THEN causes.decided_culprit_type
        WHEN COALESCE(causes.decided_category, occurrences.category) = occurrences.category
        THEN occurrences.culprit_type END AS culprit_type,
    CASE WHEN causes.decided_culprit_name IS NOT NULL THEN causes.decided_culprit_name
        WHEN COALESCE(causes.decided_category, occurrences.category) = occurrences.category
        THEN occurrences.culprit_name END AS culprit_name,
    said.reviewer, said.time, causes.note, causes.fix
FROM causes
JOIN texts AS title ON title.text = causes.title
JOIN occurrences ON occurrences.project = causes.project
    AND occurrences.cause_id = causes.cause_id AND occurrences.run = causes.last_run
LEFT JOIN {last_word} AS said
    ON said.project = causes.project AND said.cause_id = causes.cause_id
WHERE causes.project = :project AND causes.cause_id = :cause_id

-- What is broken in a lane, with the last run that had it; the latest 200.
-- name: episodes
SELECT episodes.cause_id, episodes.first_run, episodes.run, runs.run_id, runs.started,
    runs.commit_id, runs.dirty, runs.environment, occurrences.category
FROM episodes
JOIN runs ON runs.project = episodes.project AND runs.run = episodes.run
JOIN occurrences ON occurrences.project = episodes.project AND occurrences.run = episodes.run
    AND occurrences.cause_id = episodes.cause_id
WHERE episodes.project = :project AND episodes.lane = :lane
ORDER BY episodes.run DESC, episodes.cause_id
LIMIT 200

-- name: add_episode
INSERT INTO episodes (project, lane, cause_id, first_run, run)
VALUES (:project, :lane, :cause_id, :run, :run)
ON CONFLICT (project, lane, cause_id) DO NOTHING

-- name: move_episode
UPDATE episodes SET run = :run WHERE project = :project AND lane = :lane AND cause_id = :cause_id

-- name: end_episode
DELETE FROM episodes WHERE project = :project AND lane = :lane AND cause_id = :cause_id

-- What a cause broke in a run.
-- name: broken
SELECT DISTINCT tests.nodeid, failures.phase
FROM failures
JOIN tests ON tests.project = failures.project AND tests.test = failures.test
WHERE failures.project = :project AND failures.run = :run AND failures.cause_id = :cause_id

-- What was suggested for a cause in a run, and what a reviewer accepted for it.
-- name: on_trial
SELECT suggestions.suggestion_id, suggestions.source, suggestions.origin, suggestions.commands,
    suggestions.status, suggestions.status_since
FROM suggestions
WHERE suggestions.project = :project AND suggestions.cause_id = :cause_id
    AND suggestions.status <> 'rejected'
    AND (suggestions.status = 'accepted' OR EXISTS (SELECT 1 FROM proposals
        WHERE proposals.project = suggestions.project AND proposals.run = :run
            AND proposals.suggestion_id = suggestions.suggestion_id))

-- Green ends an episode, so it is never taken back.
-- name: add_trial
INSERT INTO trials (project, source, origin, cause_id, lane, first_run, suggestion_id, run_id,
    green, tried)
VALUES (:project, :source, :origin, :cause_id, :lane, :first_run, :suggestion_id, :run_id,
    :green, :tried)
ON CONFLICT (project, source, origin, cause_id, lane, first_run, suggestion_id) DO UPDATE SET
    run_id = excluded.run_id, green = excluded.green,
    tried = CASE WHEN trials.tried = 1 THEN 1 ELSE excluded.tried END

-- How often each kind of suggestion was followed by green; of several for one episode one counts.
-- name: successes
SELECT source, origin, COUNT(DISTINCT cause_id) AS causes, COUNT(*) AS judged,
    SUM(green) AS green, SUM(tried) AS tried, SUM(worked) AS worked
FROM (
    SELECT source, origin, cause_id, lane, first_run, MAX(green) AS green, MAX(tried) AS tried,
        MAX(green * tried) AS worked
    FROM trials
    WHERE project = :project
        AND source = :source AND origin = :origin  -- if source
    GROUP BY source, origin, cause_id, lane, first_run
) AS episode
GROUP BY source, origin
ORDER BY judged DESC, source, origin

-- name: keep_distributions
UPDATE environments SET distributions = :distributions
WHERE project = :project AND environment = :environment AND distributions IS NULL

-- What reviews said of causes, run by run; 1 in decided where a reviewer said something else or the
-- same.
-- name: verdicts
SELECT occurrences.run, runs.run_id, occurrences.cause_id, causes.signature,
    texts.content AS title, occurrences.category, occurrences.kind, occurrences.culprit_type,
    occurrences.culprit_name, occurrences.culprit_version, occurrences.confidence,
    occurrences.evidence, occurrences.rule,
    CASE WHEN causes.decided_category IS NULL AND causes.decided_culprit_name IS NULL
        THEN 0 ELSE 1 END AS decided
FROM occurrences
JOIN runs ON runs.project = occurrences.project AND runs.run = occurrences.run
JOIN causes ON causes.project = occurrences.project AND causes.cause_id = occurrences.cause_id
JOIN texts ON texts.text = causes.title
WHERE occurrences.project = :project
    AND runs.started >= :since  -- if since
ORDER BY runs.started DESC, occurrences.run DESC, occurrences.failures DESC, occurrences.cause_id

-- name: recorded_run
SELECT runs.run_id, runs.started, runs.finished, runs.state, runs.exit_code, runs.counts,
    runs.commit_id, runs.branch, runs.dirty, runs.details, environments.content,
    environments.distributions
FROM runs
JOIN environments ON environments.project = runs.project
    AND environments.environment = runs.environment
WHERE runs.project = :project AND runs.run = :run

-- Failures that a review gave a cause, as they came.
-- name: recorded_failures
SELECT record FROM failures
WHERE project = :project AND run = :run AND cause_id IS NOT NULL AND record IS NOT NULL
ORDER BY time, failure_id

-- name: set_verdict
UPDATE occurrences SET category = :category, kind = :kind, culprit_type = :culprit_type,
    culprit_name = :culprit_name, culprit_version = :culprit_version, confidence = :confidence,
    evidence = :evidence, rule = :rule
WHERE project = :project AND run = :run AND cause_id = :cause_id

-- name: withdraw_proposals
DELETE FROM proposals
WHERE project = :project AND run = :run AND suggestion_id IN (
    SELECT suggestion_id FROM suggestions
    WHERE project = :project AND cause_id = :cause_id AND source = 'rule' AND status = 'proposed')

-- What rules once suggested, no run does any more, and nobody ever judged.
-- name: forget_suggestions
DELETE FROM suggestions
WHERE project = :project AND cause_id = :cause_id AND source = 'rule' AND status = 'proposed'
    AND NOT EXISTS (SELECT 1 FROM proposals WHERE proposals.project = suggestions.project
        AND proposals.suggestion_id = suggestions.suggestion_id)
    AND NOT EXISTS (SELECT 1 FROM decisions WHERE decisions.project = suggestions.project
        AND (decisions.accepted = suggestions.suggestion_id
            OR decisions.rejected = suggestions.suggestion_id))
