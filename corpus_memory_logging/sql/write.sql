-- Statements that write, and the look-ups that writing needs. Dialect-neutral.

-- name: add_migration
INSERT INTO migrations (number, name, applied) VALUES (:number, :name, :applied)

-- name: project
SELECT project FROM projects WHERE name = :name

-- name: add_project
INSERT INTO projects (project, name)
SELECT COALESCE(MAX(project), 0) + 1, :name FROM projects WHERE 1 = 1
ON CONFLICT (name) DO NOTHING

-- The number of a run, if the memory has it.
-- name: run_number
SELECT run FROM runs WHERE project = :project AND run_id = :run_id

-- name: next_run_number
SELECT COALESCE(MAX(run), 0) + 1 AS run FROM runs WHERE project = :project

-- name: add_environment
INSERT INTO environments (project, environment, content)
VALUES (:project, :environment, :content)
ON CONFLICT (project, environment) DO NOTHING

-- name: add_run
INSERT INTO runs (project, run, run_id, started, finished, reviewed, state, exit_code, counts,
    environment, commit_id, branch, dirty, archive, details)
VALUES (:project, :run, :run_id, :started, :finished, :reviewed, :state, :exit_code, :counts,
    :environment, :commit_id, :branch, :dirty, :archive, :details)

-- name: add_test
INSERT INTO tests (project, test, nodeid) VALUES (:project, :test, :nodeid)
ON CONFLICT (project, test) DO NOTHING

-- name: add_attempt
INSERT INTO attempts (project, run, test, attempt, outcome, microseconds)
VALUES (:project, :run, :test, :attempt, :outcome, :microseconds)

-- name: add_text
INSERT INTO texts (text, project, content) VALUES (:text, :project, :content)
ON CONFLICT (text) DO NOTHING

-- name: cause
SELECT causes.cause_id, causes.status, causes.status_since, runs.started AS last_seen
FROM causes
JOIN runs ON runs.project = causes.project AND runs.run = causes.last_run
WHERE causes.project = :project AND causes.cause_id = :cause_id

-- A new cause, or one seen again: then its title stays, and last_run moves on if the run is the later.
-- name: add_cause
INSERT INTO causes (project, cause_id, signature, title, last_run, status, status_since)
VALUES (:project, :cause_id, :signature, :title, :run, 'open', :started)
ON CONFLICT (project, cause_id) DO NOTHING

-- name: move_cause
UPDATE causes SET last_run = :run, title = :title
WHERE project = :project AND cause_id = :cause_id

-- name: add_occurrence
INSERT INTO occurrences (project, run, cause_id, known, failures, category, kind, culprit_type,
    culprit_name, culprit_version, confidence, evidence, rule, prevented)
VALUES (:project, :run, :cause_id, :known, :failures, :category, :kind, :culprit_type,
    :culprit_name, :culprit_version, :confidence, :evidence, :rule, :prevented)

-- name: add_failure
INSERT INTO failures (project, failure_id, run, test, cause_id, time, phase, attempt, subtest,
    exception, message, context, record)
VALUES (:project, :failure_id, :run, :test, :cause_id, :time, :phase, :attempt, :subtest, :exception,
    :message, :context, :record)
ON CONFLICT (project, failure_id) DO NOTHING

-- name: add_suggestion
INSERT INTO suggestions (project, suggestion_id, cause_id, finding_id, text, commands, source,
    confidence, status, status_since, origin, checklist, context, created)
VALUES (:project, :suggestion_id, :cause_id, :finding_id, :text, :commands, :source,
    :confidence, :status, :created, :origin, :checklist, :context, :created)
ON CONFLICT (project, suggestion_id) DO NOTHING

-- name: add_proposal
INSERT INTO proposals (project, run, suggestion_id, rank)
VALUES (:project, :run, :suggestion_id, :rank)
ON CONFLICT (project, run, suggestion_id) DO NOTHING

-- name: add_artifact
INSERT INTO artifacts (project, run, name, size, sha256)
VALUES (:project, :run, :name, :size, :sha256)
ON CONFLICT (project, run, name) DO NOTHING

-- name: add_interaction
INSERT INTO interactions (project, interaction_id, time, content)
VALUES (:project, :interaction_id, :time, :content)
ON CONFLICT (project, interaction_id) DO NOTHING

-- What is null stays as it was.
-- name: decide_cause
UPDATE causes SET
    status = :status,
    status_since = COALESCE(:status_since, status_since),
    decided_category = COALESCE(:category, decided_category),
    decided_culprit_type = COALESCE(:culprit_type, decided_culprit_type),
    decided_culprit_name = COALESCE(:culprit, decided_culprit_name),
    note = COALESCE(:note, note),
    fix = COALESCE(:fix, fix)
WHERE project = :project AND cause_id = :cause_id

-- name: add_decision
INSERT INTO decisions (project, cause_id, number, time, reviewer, status, category, culprit, note,
    fix, accepted, rejected, run)
SELECT :project, :cause_id, COALESCE(MAX(number), 0) + 1, :time, :reviewer, :status, :category,
    :culprit, :note, :fix, :accepted, :rejected, :run
FROM decisions WHERE project = :project AND cause_id = :cause_id

-- name: set_suggestion_status
UPDATE suggestions SET status = :status, status_since = :time
WHERE project = :project AND suggestion_id = :suggestion_id

-- The verdict that an accepted suggestion was made for, where nobody decided before.
-- name: confirm_verdict
UPDATE causes SET (decided_category, decided_culprit_type, decided_culprit_name) = (
    SELECT occurrences.category, occurrences.culprit_type, occurrences.culprit_name
    FROM occurrences
    WHERE occurrences.project = causes.project AND occurrences.cause_id = causes.cause_id
        AND occurrences.run = causes.last_run
)
WHERE project = :project AND cause_id = :cause_id
    AND decided_category IS NULL AND decided_culprit_name IS NULL
    AND EXISTS (SELECT 1 FROM occurrences
        JOIN proposals ON proposals.project = occurrences.project
            AND proposals.run = occurrences.run AND proposals.suggestion_id = :accepted
        WHERE occurrences.project = causes.project AND occurrences.cause_id = causes.cause_id
            AND occurrences.run = causes.last_run AND occurrences.category <> 'unknown')
