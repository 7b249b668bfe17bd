-- Statements that read. Dialect-neutral; what an engine says its own way is a fragment of its file.

-- Tests that a pattern names, and whatever lies below them: folder, file, class, parametrised test.
-- fragment: matching_tests
(
    SELECT test FROM tests
    WHERE project = :project AND (
        LOWER(nodeid) LIKE :test ESCAPE '\'
        OR LOWER(nodeid) LIKE :test || '/%' ESCAPE '\'
        OR LOWER(nodeid) LIKE :test || '::%' ESCAPE '\'
        OR LOWER(nodeid) LIKE :test || '[%' ESCAPE '\'
    )
)

-- What a cause is, as a reviewer decided, else as the review of the occurrence said.
-- fragment: verdict
COALESCE(causes.decided_category, occurrences.category) AS category,
    occurrences.kind,
    COALESCE(causes.decided_culprit_type, occurrences.culprit_type) AS culprit_type,
    COALESCE(causes.decided_culprit_name, occurrences.culprit_name) AS culprit_name,
    CASE WHEN COALESCE(causes.decided_culprit_name, occurrences.culprit_name)
        = occurrences.culprit_name THEN occurrences.culprit_version END AS culprit_version,
    occurrences.known

-- What reviewers said last of what causes are, or of what mends them.
-- fragment: last_word
(
    SELECT project, cause_id, reviewer, time FROM decisions
    WHERE project = :project AND run IS NULL
        AND COALESCE(category, culprit, accepted) IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM decisions AS later
            WHERE later.project = decisions.project AND later.cause_id = decisions.cause_id
            AND later.number > decisions.number AND later.run IS NULL
            AND COALESCE(later.category, later.culprit, later.accepted) IS NOT NULL)
)

-- fragment: verdict_filters
AND COALESCE(causes.decided_category, occurrences.category) = :category  -- if category
AND occurrences.kind = :kind  -- if kind
AND REPLACE(REPLACE(LOWER(COALESCE(causes.decided_culprit_name,  -- if culprit
    occurrences.culprit_name)), '_', '-'), '.', '-') = :culprit  -- if culprit
AND occurrences.known = :known  -- if known
AND causes.status = :cause_status  -- if cause_status

-- When causes were seen.
-- fragment: sightings
(
    SELECT occurrences.project, occurrences.cause_id,
        MIN(runs.started) AS first_seen,
        MAX(runs.started) AS last_seen,
        COUNT(*) AS occurrences
    FROM occurrences
    JOIN runs ON runs.project = occurrences.project AND runs.run = occurrences.run
    WHERE occurrences.project = :project
        AND occurrences.cause_id = :cause_id  -- if cause_id
    GROUP BY occurrences.project, occurrences.cause_id
)

-- What is known of a signature from the runs that were remembered before one (or from all).
-- name: recall
SELECT causes.cause_id, causes.status, causes.note, causes.fix,
    causes.decided_category AS category,
    causes.decided_culprit_type AS culprit_type,
    causes.decided_culprit_name AS culprit_name,
    said.reviewer, said.time AS decided,
    MIN(runs.started) AS first_seen,
    MAX(runs.started) AS last_seen,
    COUNT(*) AS occurrences
FROM causes
JOIN occurrences
    ON occurrences.project = causes.project AND occurrences.cause_id = causes.cause_id
JOIN runs ON runs.project = occurrences.project AND runs.run = occurrences.run
LEFT JOIN {last_word} AS said
    ON said.project = causes.project AND said.cause_id = causes.cause_id
WHERE causes.project = :project AND occurrences.cause_id IN (
        SELECT cause_id FROM causes WHERE project = :project AND signature = :signature
    )
    AND occurrences.run < :run  -- if run
GROUP BY causes.cause_id, causes.status, causes.note, causes.fix, causes.decided_category,
    causes.decided_culprit_type, causes.decided_culprit_name, said.reviewer, said.time
ORDER BY last_seen DESC

-- The cause that a failure of a test had last, of the same class and words.
-- name: cause_of_failure
SELECT causes.signature
FROM failures
JOIN causes ON causes.project = failures.project AND causes.cause_id = failures.cause_id
WHERE failures.project = :project AND failures.test = :test AND failures.phase = :phase
    AND failures.message = :message
    AND COALESCE(failures.exception, '') = :exception
    AND failures.run < :run  -- if run
ORDER BY failures.run DESC
LIMIT 1

-- Those of a cause that got a status, the latest first.
-- name: judged_suggestions
SELECT texts.content AS text, suggestions.commands, suggestions.source, suggestions.confidence,
    suggestions.status, suggestions.origin, suggestions.checklist
FROM suggestions
JOIN texts ON texts.text = suggestions.text
WHERE suggestions.project = :project
    AND suggestions.cause_id = :cause_id  -- if cause_id
    AND suggestions.finding_id = :finding_id  -- if finding_id
    AND suggestions.status <> 'proposed'
ORDER BY suggestions.status_since DESC, suggestions.suggestion_id

-- Tests that ran in some run and lie below a collector.
-- name: tests_below
SELECT nodeid FROM tests
WHERE project = :project
    AND nodeid >= :first AND nodeid < :beyond
    AND EXISTS (
        SELECT 1 FROM attempts
        WHERE attempts.project = tests.project AND attempts.test = tests.test
    )
ORDER BY nodeid

-- name: latest_run
SELECT run, run_id FROM runs WHERE project = :project ORDER BY started DESC, run DESC LIMIT 1

-- The candidates that an id or the beginning of one may mean.
-- name: runs_named
SELECT run, run_id AS id, state AS about FROM runs
WHERE project = :project AND run_id >= :prefix AND run_id < :beyond
ORDER BY run_id DESC LIMIT 10

-- name: causes_named
SELECT causes.cause_id AS id, texts.content AS about FROM causes
JOIN texts ON texts.text = causes.title
WHERE causes.project = :project AND cause_id >= :prefix AND cause_id < :beyond
ORDER BY cause_id LIMIT 10

-- name: failures_named
SELECT failures.failure_id AS id, tests.nodeid AS about FROM failures
JOIN tests ON tests.project = failures.project AND tests.test = failures.test
WHERE failures.project = :project AND failure_id >= :prefix AND failure_id < :beyond
ORDER BY failure_id LIMIT 10

-- name: suggestions_named
SELECT suggestions.suggestion_id AS id, suggestions.cause_id, suggestions.finding_id,
    texts.content AS about
FROM suggestions
JOIN texts ON texts.text = suggestions.text
WHERE suggestions.project = :project AND suggestion_id >= :prefix AND suggestion_id < :beyond
ORDER BY suggestion_id LIMIT 10

-- name: culprit_type
SELECT COALESCE(occurrences.culprit_type, '') AS culprit_type,
    COALESCE(causes.decided_category, occurrences.category) AS category
FROM causes
JOIN occurrences ON occurrences.project = causes.project
    AND occurrences.run = causes.last_run AND occurrences.cause_id = causes.cause_id
WHERE causes.project = :project AND causes.cause_id = :cause_id

-- One line for each cause, as it was in the run asked for, else in the last that had it.
-- name: causes
SELECT causes.cause_id, causes.signature, title.content AS title, causes.status,
    {verdict},
    occurrences.confidence, occurrences.evidence, occurrences.rule, occurrences.failures,
    occurrences.prevented, runs.run_id, seen.first_seen, seen.last_seen, seen.occurrences,
    causes.note, causes.fix
FROM causes
JOIN {sightings} AS seen ON seen.project = causes.project AND seen.cause_id = causes.cause_id
JOIN occurrences
    ON occurrences.project = causes.project AND occurrences.cause_id = causes.cause_id
    AND occurrences.run = causes.last_run  -- unless run
    AND occurrences.run = :run  -- if run
JOIN runs ON runs.project = occurrences.project AND runs.run = occurrences.run
JOIN texts AS title ON title.text = causes.title
WHERE causes.project = :project
    AND causes.cause_id = :cause_id  -- if cause_id
    {verdict_filters}
    AND seen.last_seen >= :since  -- if since
    AND EXISTS (SELECT 1 FROM failures WHERE failures.project = causes.project  -- if test
        AND failures.cause_id = causes.cause_id  -- if test
        AND failures.run = :run  -- if run_of_test
        AND failures.test IN {matching_tests})  -- if test
    AND (causes.title IN {matching_texts}  -- if search
        OR causes.cause_id IN (SELECT cause_id FROM failures WHERE project = :project  -- if search
            AND message IN {matching_texts})  -- if search
        OR causes.cause_id IN (SELECT cause_id FROM suggestions WHERE project = :project  -- if search
            AND text IN {matching_texts}))  -- if search
ORDER BY seen.last_seen DESC, occurrences.failures DESC, causes.cause_id
LIMIT :limit  -- if limit

-- Some of the tests that a cause failed in a run.
-- name: tests_of_cause
SELECT DISTINCT tests.nodeid
FROM failures
JOIN tests ON tests.project = failures.project AND tests.test = failures.test
JOIN runs ON runs.project = failures.project AND runs.run = failures.run
WHERE failures.project = :project AND failures.cause_id = :cause_id AND runs.run_id = :run_id
ORDER BY tests.nodeid
LIMIT 100

-- One line for each failure; those that log_test_failure() was told have no run and no cause.
-- name: failures
SELECT failures.failure_id, runs.run_id, failures.time, tests.nodeid, failures.phase,
    failures.attempt, failures.subtest, failures.exception, texts.content AS message, failures.run,
    failures.cause_id, title.content AS title, causes.status, failures.context,
    {verdict}
FROM failures
JOIN tests ON tests.project = failures.project AND tests.test = failures.test
JOIN texts ON texts.text = failures.message
LEFT JOIN runs ON runs.project = failures.project AND runs.run = failures.run
LEFT JOIN causes ON causes.project = failures.project AND causes.cause_id = failures.cause_id
LEFT JOIN texts AS title ON title.text = causes.title
LEFT JOIN occurrences ON occurrences.project = failures.project
    AND occurrences.run = failures.run AND occurrences.cause_id = failures.cause_id
WHERE failures.project = :project
    AND failures.failure_id = :failure_id  -- if failure_id
    AND failures.cause_id = :cause_id  -- if cause_id
    AND failures.run = :run  -- if run
    AND failures.time >= :since  -- if since
    {verdict_filters}
    AND failures.test IN {matching_tests}  -- if test
    AND (failures.message IN {matching_texts}  -- if search
        OR causes.title IN {matching_texts})  -- if search
ORDER BY failures.time DESC, tests.nodeid, failures.failure_id
LIMIT :limit  -- if limit

-- name: failure_record
SELECT record FROM failures WHERE project = :project AND failure_id = :failure_id

-- Whole failures of a cause in a run, in the order in which they were recorded.
-- name: failure_records
SELECT record FROM failures
WHERE project = :project AND run = :run AND cause_id = :cause_id
ORDER BY time, failure_id
LIMIT :limit

-- What a cause broke in a run.
-- name: failing_tests
SELECT tests.nodeid, failures.phase, failures.subtest, COUNT(*) AS attempts
FROM failures
JOIN tests ON tests.project = failures.project AND tests.test = failures.test
WHERE failures.project = :project AND failures.run = :run AND failures.cause_id = :cause_id
GROUP BY tests.nodeid, failures.phase, failures.subtest
ORDER BY MIN(failures.time), tests.nodeid, failures.phase, failures.subtest

-- One line for each suggestion, with its cause or finding as it was when that was last seen.
-- name: suggestions
SELECT suggestions.suggestion_id, texts.content AS text, suggestions.commands, suggestions.source,
    suggestions.confidence, suggestions.status, suggestions.origin, suggestions.checklist,
    suggestions.context, suggestions.created, suggestions.cause_id, suggestions.finding_id,
    COALESCE(title.content, said.text) AS title,
    causes.status AS cause_status, findings.kind AS finding_kind, said.known AS finding_known,
    {verdict},
    runs.run_id, COALESCE(runs.started, suggestions.created) AS last_suggested
FROM suggestions
JOIN texts ON texts.text = suggestions.text
LEFT JOIN causes ON causes.project = suggestions.project AND causes.cause_id = suggestions.cause_id
LEFT JOIN texts AS title ON title.text = causes.title
LEFT JOIN proposals ON proposals.project = suggestions.project
    AND proposals.suggestion_id = suggestions.suggestion_id
    AND proposals.run = (SELECT MAX(run) FROM proposals AS last  -- unless run
        WHERE last.project = suggestions.project  -- unless run
        AND last.suggestion_id = suggestions.suggestion_id)  -- unless run
    AND proposals.run = :run  -- if run
LEFT JOIN runs ON runs.project = proposals.project AND runs.run = proposals.run
LEFT JOIN findings ON findings.project = suggestions.project
    AND findings.finding_id = suggestions.finding_id
LEFT JOIN finding_occurrences AS said ON said.project = findings.project
    AND said.finding_id = findings.finding_id
    AND said.run = COALESCE(proposals.run, findings.last_run)
LEFT JOIN runs AS seen ON seen.project = suggestions.project
    AND seen.run = COALESCE(causes.last_run, findings.last_run)
LEFT JOIN occurrences ON occurrences.project = causes.project
    AND occurrences.cause_id = causes.cause_id
    AND occurrences.run = COALESCE(proposals.run, causes.last_run)
WHERE suggestions.project = :project
    AND suggestions.suggestion_id = :suggestion_id  -- if suggestion_id
    AND suggestions.cause_id = :cause_id  -- if cause_id
    AND suggestions.finding_id = :finding_id  -- if finding_id
    AND proposals.run = :run  -- if run
    AND suggestions.status = :suggestion_status  -- if suggestion_status
    AND (1 = 1
        {verdict_filters}
        OR findings.kind = :only_kind  -- if only_kind
    )
    AND COALESCE(runs.started, suggestions.created) >= :since  -- if since
    AND suggestions.cause_id IN (SELECT cause_id FROM failures  -- if test
        WHERE failures.project = :project AND failures.test IN {matching_tests})  -- if test
    AND (suggestions.text IN {matching_texts}  -- if search
        OR causes.title IN {matching_texts}  -- if search
        OR causes.cause_id IN (SELECT cause_id FROM failures WHERE project = :project  -- if search
            AND message IN {matching_texts}))  -- if search
ORDER BY COALESCE(seen.started, suggestions.created) DESC,
    COALESCE(suggestions.cause_id, suggestions.finding_id),
    CASE suggestions.status
        WHEN 'worked' THEN 0 WHEN 'accepted' THEN 1 WHEN 'proposed' THEN 2 ELSE 3 END,
    last_suggested DESC,
    COALESCE(proposals.rank, 0),
    suggestions.suggestion_id
LIMIT :limit  -- if limit

-- One line for each run.
-- name: runs
SELECT runs.run, runs.run_id, runs.started, runs.finished, runs.reviewed, runs.state, runs.exit_code,
    runs.counts, runs.commit_id, runs.branch, runs.dirty, runs.environment, runs.archive,
    runs.details,
    (SELECT COUNT(*) FROM occurrences
        WHERE occurrences.project = runs.project AND occurrences.run = runs.run) AS causes,
    (SELECT COUNT(*) FROM occurrences WHERE occurrences.project = runs.project
        AND occurrences.run = runs.run AND occurrences.known = 0) AS new_causes,
    (SELECT COUNT(*) FROM failures
        WHERE failures.project = runs.project AND failures.run = runs.run) AS failures,
    (SELECT COUNT(*) FROM finding_occurrences AS findings
        WHERE findings.project = runs.project AND findings.run = runs.run) AS findings,
    (SELECT COUNT(*) FROM alerts
        WHERE alerts.project = runs.project AND alerts.run_id = runs.run_id) AS alerts
FROM runs
WHERE runs.project = :project
    AND runs.run = :run  -- if run
    AND runs.state = :state  -- if state
    AND runs.started >= :since  -- if since
    AND runs.run IN (SELECT occurrences.run FROM occurrences  -- if verdict
        JOIN causes ON causes.project = occurrences.project  -- if verdict
            AND causes.cause_id = occurrences.cause_id  -- if verdict
        WHERE occurrences.project = :project  -- if verdict
            AND causes.cause_id = :cause_id  -- if cause_id
            {verdict_filters}  -- if verdict
        UNION SELECT said.run FROM findings JOIN finding_occurrences AS said  -- if only_kind
            ON said.project = findings.project  -- if only_kind
            AND said.finding_id = findings.finding_id  -- if only_kind
        WHERE findings.project = :project AND findings.kind = :only_kind  -- if only_kind
    )  -- if verdict
    AND runs.run IN (SELECT run FROM finding_occurrences WHERE project = :project  -- if finding_id
        AND finding_id = :finding_id)  -- if finding_id
    AND runs.run IN (SELECT run FROM attempts WHERE project = :project  -- if test
        AND test IN {matching_tests}  -- if test
        UNION SELECT run FROM failures WHERE project = :project  -- if test
        AND test IN {matching_tests})  -- if test
    AND runs.run IN (SELECT run FROM failures WHERE project = :project  -- if search
        AND message IN {matching_texts}  -- if search
        UNION SELECT occurrences.run FROM occurrences JOIN causes  -- if search
            ON causes.project = occurrences.project  -- if search
            AND causes.cause_id = occurrences.cause_id  -- if search
        WHERE occurrences.project = :project AND causes.title IN {matching_texts}  -- if search
        UNION SELECT proposals.run FROM proposals JOIN suggestions  -- if search
            ON suggestions.project = proposals.project  -- if search
            AND suggestions.suggestion_id = proposals.suggestion_id  -- if search
        WHERE proposals.project = :project AND suggestions.text IN {matching_texts})  -- if search
ORDER BY runs.started DESC, runs.run DESC
LIMIT :limit  -- if limit

-- name: environment
SELECT content FROM environments WHERE project = :project AND environment = :environment

-- name: decisions
SELECT decisions.time, decisions.reviewer, decisions.status, decisions.category, decisions.culprit,
    decisions.note, decisions.fix, decisions.accepted, decisions.rejected, runs.run_id
FROM decisions
LEFT JOIN runs ON runs.project = decisions.project AND runs.run = decisions.run
WHERE decisions.project = :project AND decisions.cause_id = :cause_id
ORDER BY decisions.number

-- name: artifacts
SELECT runs.run_id, artifacts.name, artifacts.size, artifacts.sha256, runs.archive
FROM artifacts
JOIN runs ON runs.project = artifacts.project AND runs.run = artifacts.run
WHERE artifacts.project = :project
    AND artifacts.run = :run  -- if run
    AND artifacts.run IN (SELECT run FROM occurrences  -- if cause_id
        WHERE project = :project AND cause_id = :cause_id)  -- if cause_id
ORDER BY runs.started DESC, artifacts.name
LIMIT :limit  -- if limit

-- name: interaction_log
SELECT time, kind, text, context, cause_id, finding_id, archive FROM interaction_log
WHERE project = :project
ORDER BY time DESC, id DESC
LIMIT :limit  -- if limit
