-- Findings that are the same from run to run, alerts, and counts that outlive what they counted.

-- What the first tables kept of findings: what a review said of one, in a run.
ALTER TABLE findings RENAME TO first_findings;

-- A finding across runs, as causes are.
CREATE TABLE findings (
    project INTEGER NOT NULL REFERENCES projects,
    finding_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    last_run INTEGER NOT NULL, -- the run that started last among those that had it
    PRIMARY KEY (project, finding_id),
    FOREIGN KEY (project, last_run) REFERENCES runs
);

-- A finding in a run, with what the review of that run said of it.
CREATE TABLE finding_occurrences (
    project INTEGER NOT NULL,
    run INTEGER NOT NULL,
    finding_id TEXT NOT NULL,
    number INTEGER NOT NULL, -- its place in the report
    known INTEGER NOT NULL, -- 1 where an earlier run had it
    text TEXT NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (project, run, finding_id),
    FOREIGN KEY (project, run) REFERENCES runs ON DELETE CASCADE,
    FOREIGN KEY (project, finding_id) REFERENCES findings
);
CREATE INDEX finding_occurrences_by_finding ON finding_occurrences (project, finding_id, run);

-- What reviewers said of findings. The last one holds; one that resolved holds until a run that
-- started later has the finding again.
CREATE TABLE finding_decisions (
    project INTEGER NOT NULL,
    finding_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    time TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    status TEXT NOT NULL, -- of the finding, from then on
    note TEXT,
    fix TEXT,
    accepted TEXT,
    rejected TEXT,
    PRIMARY KEY (project, finding_id, number),
    FOREIGN KEY (project, finding_id) REFERENCES findings,
    FOREIGN KEY (project, accepted) REFERENCES suggestions,
    FOREIGN KEY (project, rejected) REFERENCES suggestions
);

-- The first tables gave findings no identity: those that said the same are one.
CREATE TABLE first_ids AS
SELECT project, kind, text, LOWER(HEX(RANDOMBLOB(8))) AS finding_id, MAX(run) AS last_run,
    MIN(run) AS first_run
FROM first_findings GROUP BY project, kind, text;
INSERT INTO findings (project, finding_id, kind, last_run)
SELECT project, finding_id, kind, last_run FROM first_ids;
INSERT INTO finding_occurrences (project, run, finding_id, number, known, text, evidence)
SELECT said.project, said.run, ids.finding_id, MIN(said.number), said.run > ids.first_run,
    said.text, said.evidence
FROM first_findings AS said
JOIN first_ids AS ids
    ON ids.project = said.project AND ids.kind = said.kind AND ids.text = said.text
GROUP BY said.project, said.run, ids.finding_id;
DROP TABLE first_ids;
DROP TABLE first_findings;

-- A suggestion is for a cause, for a finding, or (what log_suggestion() was told) for neither.
ALTER TABLE suggestions ADD COLUMN finding_id TEXT;
CREATE INDEX suggestions_by_finding ON suggestions (project, finding_id);

DROP VIEW interaction_log;
CREATE VIEW interaction_log AS
SELECT project, time, interaction_id AS id, 'interaction' AS kind, '' AS text, content AS context,
    NULL AS cause_id, NULL AS finding_id, NULL AS archive
FROM interactions
UNION ALL
SELECT suggestions.project, suggestions.created, suggestions.suggestion_id, 'suggestion',
    texts.content, suggestions.context, suggestions.cause_id, suggestions.finding_id, NULL
FROM suggestions JOIN texts ON texts.text = suggestions.text
UNION ALL
SELECT failures.project, failures.time, failures.failure_id, 'test_failure',
    tests.nodeid, failures.context, failures.cause_id, NULL, runs.archive
FROM failures
JOIN tests ON tests.project = failures.project AND tests.test = failures.test
LEFT JOIN runs ON runs.project = failures.project AND runs.run = failures.run;

-- What a monitoring system was told: counts that grow with each remembered run and never fall,
-- whatever is pruned or decided later.
CREATE TABLE tallies (
    project INTEGER NOT NULL REFERENCES projects,
    name TEXT NOT NULL, -- failures (by category), findings (by kind)
    label TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (project, name, label)
);
INSERT INTO tallies (project, name, label, value)
SELECT project, 'failures', category, COUNT(*) FROM (
    SELECT DISTINCT failures.project, failures.run, failures.test, failures.attempt,
        occurrences.category
    FROM failures
    JOIN occurrences ON occurrences.project = failures.project
        AND occurrences.run = failures.run AND occurrences.cause_id = failures.cause_id
) AS failed
GROUP BY project, category;
INSERT INTO tallies (project, name, label, value)
SELECT findings.project, 'findings', findings.kind, COUNT(*)
FROM finding_occurrences
JOIN findings ON findings.project = finding_occurrences.project
    AND findings.finding_id = finding_occurrences.finding_id
GROUP BY findings.project, findings.kind;

-- What Alertmanager told, beside the run that it speaks of. It is kept before the webhook is
-- answered, so a crash loses none; those whose state is accepted are still to be reviewed.
CREATE TABLE alerts (
    project INTEGER NOT NULL REFERENCES projects,
    alert_id TEXT NOT NULL, -- hash of the fingerprint and the time when it began
    fingerprint TEXT NOT NULL,
    name TEXT NOT NULL,
    severity TEXT,
    status TEXT NOT NULL, -- firing, resolved
    started TEXT NOT NULL,
    ended TEXT,
    received TEXT NOT NULL,
    labels TEXT NOT NULL,
    annotations TEXT NOT NULL,
    run_id TEXT, -- of the run that it speaks of, which may be in no table
    state TEXT NOT NULL, -- accepted, reviewed, failed, noted (resolved before it was ever accepted)
    note TEXT, -- why there was nothing to review
    PRIMARY KEY (project, alert_id)
);
CREATE INDEX alerts_by_fingerprint ON alerts (project, fingerprint, started);
CREATE INDEX alerts_by_run ON alerts (project, run_id);
CREATE INDEX alerts_by_state ON alerts (project, state);
