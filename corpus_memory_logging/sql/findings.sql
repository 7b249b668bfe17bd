-- Findings, and what runs are compared with. Dialect-neutral, like read.sql and write.sql.

-- When findings were seen.
-- fragment: finding_sightings
(
    SELECT finding_occurrences.project, finding_occurrences.finding_id,
        MIN(runs.started) AS first_seen,
        MAX(runs.started) AS last_seen,
        COUNT(*) AS occurrences
    FROM finding_occurrences
    JOIN runs ON runs.project = finding_occurrences.project
        AND runs.run = finding_occurrences.run
    WHERE finding_occurrences.project = :project
        AND finding_occurrences.finding_id = :finding_id  -- if finding_id
        AND finding_occurrences.run < :before  -- if before
    GROUP BY finding_occurrences.project, finding_occurrences.finding_id
)

-- The last decision on each finding.
-- fragment: finding_decided
(
    SELECT project, finding_id, time, status, note, fix FROM finding_decisions AS one
    WHERE project = :project
        AND finding_id = :finding_id  -- if finding_id
        AND number = (SELECT MAX(number) FROM finding_decisions AS every
        WHERE every.project = one.project AND every.finding_id = one.finding_id)
)

-- fragment: finding_status
CASE WHEN decided.status = 'resolved' AND seen.last_seen > decided.time THEN 'open'
    ELSE COALESCE(decided.status, 'open') END

-- What is known of a finding from the runs that were remembered before one (or from all).
-- name: recall_finding
SELECT seen.first_seen, seen.last_seen, seen.occurrences, {finding_status} AS status,
    decided.note, decided.fix
FROM {finding_sightings} AS seen
LEFT JOIN {finding_decided} AS decided
    ON decided.project = seen.project AND decided.finding_id = seen.finding_id
WHERE seen.finding_id = :finding_id

-- One line for each finding, as it was in the run asked for, else in the last that had it.
-- name: findings
SELECT findings.finding_id, findings.kind, said.text, said.evidence, said.known, said.number,
    runs.run_id, {finding_status} AS status, decided.note, decided.fix,
    seen.first_seen, seen.last_seen, seen.occurrences
FROM findings
JOIN {finding_sightings} AS seen
    ON seen.project = findings.project AND seen.finding_id = findings.finding_id
JOIN finding_occurrences AS said
    ON said.project = findings.project AND said.finding_id = findings.finding_id
    AND said.run = findings.last_run  -- unless run
    AND said.run = :run  -- if run
JOIN runs ON runs.project = said.project AND runs.run = said.run
LEFT JOIN {finding_decided} AS decided
    ON decided.project = findings.project AND decided.finding_id = findings.finding_id
WHERE findings.project = :project
    AND findings.finding_id = :finding_id  -- if finding_id
    AND findings.kind = :kind  -- if kind
    AND said.known = :known  -- if known
    AND seen.last_seen >= :since  -- if since
    AND {finding_status} = :cause_status  -- if cause_status
ORDER BY
    said.number,  -- if run
    seen.last_seen DESC, said.number, findings.finding_id
LIMIT :limit  -- if limit

-- name: findings_named
SELECT findings.finding_id AS id, said.text AS about FROM findings
JOIN finding_occurrences AS said ON said.project = findings.project
    AND said.run = findings.last_run AND said.finding_id = findings.finding_id
WHERE findings.project = :project
    AND findings.finding_id >= :prefix AND findings.finding_id < :beyond
ORDER BY findings.finding_id LIMIT 10

-- name: finding_decisions
SELECT time, reviewer, status, NULL AS category, NULL AS culprit, note, fix, accepted, rejected,
    NULL AS run_id
FROM finding_decisions
WHERE project = :project AND finding_id = :finding_id
ORDER BY number

-- The start of the last run that had a finding.
-- name: finding
SELECT runs.started AS last_seen FROM findings
JOIN runs ON runs.project = findings.project AND runs.run = findings.last_run
WHERE findings.project = :project AND findings.finding_id = :finding_id

-- name: add_finding
INSERT INTO findings (project, finding_id, kind, last_run)
VALUES (:project, :finding_id, :kind, :run)
ON CONFLICT (project, finding_id) DO NOTHING

-- name: move_finding
UPDATE findings SET last_run = :run WHERE project = :project AND finding_id = :finding_id

-- name: add_finding_occurrence
INSERT INTO finding_occurrences (project, run, finding_id, number, known, text, evidence)
VALUES (:project, :run, :finding_id, :number, :known, :text, :evidence)
ON CONFLICT (project, run, finding_id) DO NOTHING

-- name: add_finding_decision
INSERT INTO finding_decisions (project, finding_id, number, time, reviewer, status, note, fix,
    accepted, rejected)
SELECT :project, :finding_id, COALESCE(MAX(number), 0) + 1, :time, :reviewer, :status,
    COALESCE(:note, (SELECT note FROM finding_decisions WHERE project = :project
        AND finding_id = :finding_id AND note IS NOT NULL ORDER BY number DESC LIMIT 1)),
    COALESCE(:fix, (SELECT fix FROM finding_decisions WHERE project = :project
        AND finding_id = :finding_id AND fix IS NOT NULL ORDER BY number DESC LIMIT 1)),
    :accepted, :rejected
FROM finding_decisions WHERE project = :project AND finding_id = :finding_id

-- Complete runs remembered before one (or all), the latest first, with how many tests each executed
-- and how many of those were among the tests named. A test has one first attempt in a run, so
-- nothing needs to be sorted to count each test once.
-- name: past_runs
SELECT runs.run, runs.run_id, runs.started, runs.finished, runs.exit_code, runs.commit_id,
    runs.branch, runs.details,
    (SELECT COUNT(*) FROM attempts WHERE attempts.project = runs.project
        AND attempts.run = runs.run AND attempt = 1 AND outcome <> 3) AS tests,
    (SELECT COUNT(*) FROM attempts WHERE attempts.project = runs.project
        AND attempts.run = runs.run AND attempt = 1 AND outcome <> 3
        AND test IN {listed_tests}) AS shared
FROM runs
WHERE runs.project = :project AND runs.state = 'complete' AND runs.exit_code IN (0, 1)
    AND runs.run < :before  -- if before
ORDER BY runs.started DESC, runs.run DESC
LIMIT :limit

-- The run remembered last in which a test passed.
-- name: last_passed
SELECT attempts.run FROM attempts
JOIN runs ON runs.project = attempts.project AND runs.run = attempts.run
WHERE attempts.project = :project AND attempts.test = :test AND attempts.outcome = 0
    AND runs.started < :before  -- if before
ORDER BY attempts.run DESC
LIMIT 1

-- name: last_green
SELECT run FROM runs
WHERE project = :project AND exit_code = 0
    AND started < :before  -- if before
ORDER BY started DESC, run DESC
LIMIT 1

-- name: environment_of
SELECT runs.run_id, runs.started, runs.commit_id, runs.branch, runs.dirty, runs.details,
    environments.content
FROM runs
JOIN environments ON environments.project = runs.project
    AND environments.environment = runs.environment
WHERE runs.project = :project AND runs.run = :run

-- name: outcomes
SELECT tests.nodeid, attempts.outcome
FROM attempts
JOIN tests ON tests.project = attempts.project AND tests.test = attempts.test
WHERE attempts.project = :project AND attempts.run = :run
ORDER BY attempts.attempt

-- How long tests took on the average, in the runs named.
-- name: usual_durations
SELECT tests.nodeid, AVG(attempts.microseconds) / 1e6 AS seconds
FROM attempts
JOIN tests ON tests.project = attempts.project AND tests.test = attempts.test
WHERE attempts.project = :project AND attempts.run IN {listed_runs}
    AND attempts.outcome <> 3
GROUP BY tests.nodeid

-- What the memory holds of a run: counts as its record said, and attempts by outcome.
-- name: counted
SELECT runs.counts, runs.exit_code, attempts.outcome, COUNT(attempts.test) AS attempts
FROM runs
LEFT JOIN attempts ON attempts.project = runs.project AND attempts.run = runs.run
WHERE runs.project = :project AND runs.run_id = :run_id
GROUP BY runs.counts, runs.exit_code, attempts.outcome

-- name: tallies
SELECT name, label, value FROM tallies WHERE project = :project

-- name: add_tally
INSERT INTO tallies (project, name, label, value) VALUES (:project, :name, :label, :value)
ON CONFLICT (project, name, label) DO UPDATE SET value = tallies.value + excluded.value

-- name: open_causes
SELECT COALESCE(causes.decided_category, occurrences.category) AS category, COUNT(*) AS causes
FROM causes
JOIN occurrences ON occurrences.project = causes.project
    AND occurrences.run = causes.last_run AND occurrences.cause_id = causes.cause_id
WHERE causes.project = :project AND causes.status = 'open'
GROUP BY COALESCE(causes.decided_category, occurrences.category)

-- name: last_review
SELECT MAX(reviewed) AS reviewed FROM runs WHERE project = :project

-- Tests executed since a time, and those of them that were flaky: passed after a rerun, or both
-- passed and failed with one commit, without changes to it, in one environment.
-- name: flaky_tests
WITH recent AS (
    SELECT run, environment, CASE WHEN dirty = 0 THEN commit_id END AS commit_id
    FROM runs WHERE project = :project AND started >= :since
), bad AS (
    SELECT attempts.test, attempts.run, attempts.outcome, recent.environment, recent.commit_id
    FROM recent
    JOIN attempts ON attempts.project = :project AND attempts.run = recent.run
    WHERE attempts.outcome IN (1, 2, 6)
), flaky AS (
    SELECT test FROM bad
    WHERE outcome = 6 AND EXISTS (SELECT 1 FROM attempts WHERE attempts.project = :project
        AND attempts.test = bad.test AND attempts.run = bad.run AND attempts.outcome = 0)
    UNION
    SELECT test FROM bad
    WHERE outcome <> 6 AND EXISTS (SELECT 1 FROM recent
        JOIN attempts ON attempts.project = :project AND attempts.test = bad.test
            AND attempts.run = recent.run AND attempts.outcome = 0
        WHERE recent.commit_id = bad.commit_id AND recent.environment = bad.environment)
)
SELECT (SELECT COUNT(*) FROM flaky) AS flaky, COUNT(*) AS tests
FROM tests
WHERE project = :project AND EXISTS (SELECT 1 FROM attempts
    WHERE attempts.project = tests.project AND attempts.test = tests.test
        AND attempts.outcome <> 3
        AND attempts.run IN (SELECT run FROM recent))
