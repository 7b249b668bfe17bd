-- The first tables.
--
-- Every key begins with the project. Integer keys are 64-bit hashes (tests, texts, environments), or
-- small numbers given by the transaction that writes the row (projects, runs); none needs a sequence.
-- Times are RFC 3339 in UTC with microseconds, lists and objects are JSON.

CREATE TABLE migrations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied TEXT NOT NULL
);

CREATE TABLE projects (
    project INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- What runs share, stored once: interpreter, platform, distributions, plugins, sys.path, variables.
CREATE TABLE environments (
    project INTEGER NOT NULL REFERENCES projects,
    environment INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (project, environment)
);

CREATE TABLE runs (
    project INTEGER NOT NULL REFERENCES projects,
    run INTEGER NOT NULL, -- counts up in the order in which runs were remembered
    run_id TEXT NOT NULL,
    started TEXT NOT NULL,
    finished TEXT,
    reviewed TEXT NOT NULL,
    state TEXT NOT NULL,
    exit_code INTEGER,
    counts TEXT NOT NULL,
    environment INTEGER NOT NULL,
    commit_id TEXT,
    branch TEXT,
    dirty INTEGER,
    archive TEXT,
    details TEXT NOT NULL, -- what is shown and never searched: command, host, CI, seed, warnings, …
    PRIMARY KEY (project, run),
    UNIQUE (project, run_id),
    FOREIGN KEY (project, environment) REFERENCES environments
);
CREATE INDEX runs_by_start ON runs (project, started);

-- Node ids: of tests, and of collectors that failed.
CREATE TABLE tests (
    project INTEGER NOT NULL REFERENCES projects,
    test INTEGER NOT NULL,
    nodeid TEXT NOT NULL,
    PRIMARY KEY (project, test)
) WITHOUT ROWID;
CREATE INDEX tests_by_nodeid ON tests (project, nodeid);

-- Most rows by far, so nothing here is text. SQLite stores small integers in few bytes, 0 and 1 in none.
CREATE TABLE attempts (
    project INTEGER NOT NULL,
    run INTEGER NOT NULL,
    test INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    outcome INTEGER NOT NULL, -- 0 passed 1 failed 2 error 3 skipped 4 xfailed 5 xpassed 6 rerun
    microseconds INTEGER NOT NULL, -- of all its phases
    PRIMARY KEY (project, run, test, attempt),
    FOREIGN KEY (project, run) REFERENCES runs ON DELETE CASCADE,
    FOREIGN KEY (project, test) REFERENCES tests
) WITHOUT ROWID;
CREATE INDEX attempts_by_test ON attempts (project, test, run, outcome);

-- Messages, titles and suggestions, each text once; the full-text index lies over this table. The key
-- is the table's rowid, which that index needs and VACUUM then leaves alone.
CREATE TABLE texts (
    text INTEGER PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES projects,
    content TEXT NOT NULL
);
CREATE VIRTUAL TABLE texts_search USING fts5(content, content = 'texts', content_rowid = 'text');
CREATE TRIGGER texts_added AFTER INSERT ON texts BEGIN
    INSERT INTO texts_search (rowid, content) VALUES (new.text, new.content);
END;
CREATE TRIGGER texts_removed AFTER DELETE ON texts BEGIN
    INSERT INTO texts_search (texts_search, rowid, content) VALUES ('delete', old.text, old.content);
END;

CREATE TABLE causes (
    project INTEGER NOT NULL REFERENCES projects,
    cause_id TEXT NOT NULL,
    signature TEXT NOT NULL,
    title INTEGER NOT NULL REFERENCES texts,
    last_run INTEGER NOT NULL, -- the run that started last among those that had it
    status TEXT NOT NULL, -- open, resolved, ignored
    status_since TEXT NOT NULL,
    -- As a reviewer decided last; null where none did. The history is in decisions.
    decided_category TEXT,
    decided_culprit_type TEXT,
    decided_culprit_name TEXT,
    note TEXT,
    fix TEXT,
    PRIMARY KEY (project, cause_id),
    FOREIGN KEY (project, last_run) REFERENCES runs
);
-- Not unique: a run recorded under another name of the project brings ids of its own.
CREATE INDEX causes_by_signature ON causes (project, signature);

-- A cause in a run, with what the review of that run said of it.
CREATE TABLE occurrences (
    project INTEGER NOT NULL,
    run INTEGER NOT NULL,
    cause_id TEXT NOT NULL,
    known INTEGER NOT NULL, -- 1 where an earlier run had it
    failures INTEGER NOT NULL,
    category TEXT NOT NULL,
    kind TEXT NOT NULL,
    culprit_type TEXT,
    culprit_name TEXT,
    culprit_version TEXT,
    confidence REAL NOT NULL,
    evidence TEXT NOT NULL,
    rule TEXT NOT NULL,
    prevented TEXT NOT NULL,
    PRIMARY KEY (project, run, cause_id),
    FOREIGN KEY (project, run) REFERENCES runs ON DELETE CASCADE,
    FOREIGN KEY (project, cause_id) REFERENCES causes
);
CREATE INDEX occurrences_by_cause ON occurrences (project, cause_id, run);

-- With no run and no cause: what log_test_failure() was told.
CREATE TABLE failures (
    project INTEGER NOT NULL REFERENCES projects,
    failure_id TEXT NOT NULL,
    run INTEGER,
    test INTEGER NOT NULL,
    cause_id TEXT,
    time TEXT NOT NULL,
    phase TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    subtest TEXT,
    exception TEXT, -- class of the one at the root
    message INTEGER NOT NULL REFERENCES texts,
    context TEXT, -- log and artifacts, as log_test_failure() was told
    record BLOB, -- the whole failure: JSON, compressed by zlib
    PRIMARY KEY (project, failure_id),
    FOREIGN KEY (project, run) REFERENCES runs ON DELETE CASCADE,
    FOREIGN KEY (project, test) REFERENCES tests,
    FOREIGN KEY (project, cause_id) REFERENCES causes
);
CREATE INDEX failures_by_run ON failures (project, run, cause_id);
CREATE INDEX failures_by_cause ON failures (project, cause_id);
CREATE INDEX failures_by_test ON failures (project, test);
CREATE INDEX failures_by_message ON failures (message);
CREATE INDEX failures_by_time ON failures (project, time);

-- With no cause: what log_suggestion() was told.
CREATE TABLE suggestions (
    project INTEGER NOT NULL REFERENCES projects,
    suggestion_id TEXT NOT NULL,
    cause_id TEXT,
    text INTEGER NOT NULL REFERENCES texts,
    commands TEXT NOT NULL,
    source TEXT NOT NULL, -- rule, reviewer, model
    confidence REAL NOT NULL,
    status TEXT NOT NULL, -- proposed, accepted, rejected, worked, failed
    status_since TEXT NOT NULL,
    origin TEXT NOT NULL,
    checklist TEXT,
    context TEXT,
    created TEXT NOT NULL,
    PRIMARY KEY (project, suggestion_id),
    FOREIGN KEY (project, cause_id) REFERENCES causes
);
CREATE INDEX suggestions_by_cause ON suggestions (project, cause_id);
CREATE INDEX suggestions_by_text ON suggestions (text);
CREATE INDEX suggestions_by_time ON suggestions (project, created);

-- Which suggestions the review of a run made, best first.
CREATE TABLE proposals (
    project INTEGER NOT NULL,
    run INTEGER NOT NULL,
    suggestion_id TEXT NOT NULL,
    rank INTEGER NOT NULL,
    PRIMARY KEY (project, run, suggestion_id),
    FOREIGN KEY (project, run) REFERENCES runs ON DELETE CASCADE,
    FOREIGN KEY (project, suggestion_id) REFERENCES suggestions
) WITHOUT ROWID;
CREATE INDEX proposals_by_suggestion ON proposals (project, suggestion_id, run);

-- What reviewers said, and what the memory did by itself (a cause that returned; then run is set).
CREATE TABLE decisions (
    project INTEGER NOT NULL,
    cause_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    time TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    status TEXT NOT NULL, -- of the cause, from then on
    category TEXT,
    culprit TEXT,
    note TEXT,
    fix TEXT,
    accepted TEXT,
    rejected TEXT,
    run INTEGER,
    PRIMARY KEY (project, cause_id, number),
    FOREIGN KEY (project, cause_id) REFERENCES causes,
    FOREIGN KEY (project, accepted) REFERENCES suggestions,
    FOREIGN KEY (project, rejected) REFERENCES suggestions
);

CREATE TABLE findings (
    project INTEGER NOT NULL,
    run INTEGER NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (project, run, number),
    FOREIGN KEY (project, run) REFERENCES runs ON DELETE CASCADE
);

CREATE TABLE artifacts (
    project INTEGER NOT NULL,
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (project, run, name),
    FOREIGN KEY (project, run) REFERENCES runs ON DELETE CASCADE
);

-- What log_interaction() and log_ritual_result() were told.
CREATE TABLE interactions (
    project INTEGER NOT NULL REFERENCES projects,
    interaction_id TEXT NOT NULL,
    time TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (project, interaction_id)
);
CREATE INDEX interactions_by_time ON interactions (project, time);

-- What load_interactions() reads: facts of every kind in the order of their times.
CREATE VIEW interaction_log AS
SELECT project, time, interaction_id AS id, 'interaction' AS kind, '' AS text, content AS context,
    NULL AS cause_id, NULL AS archive
FROM interactions
UNION ALL
SELECT suggestions.project, suggestions.created, suggestions.suggestion_id, 'suggestion',
    texts.content, suggestions.context, suggestions.cause_id, NULL
FROM suggestions JOIN texts ON texts.text = suggestions.text
UNION ALL
SELECT failures.project, failures.time, failures.failure_id, 'test_failure',
    tests.nodeid, failures.context, failures.cause_id, runs.archive
FROM failures
JOIN tests ON tests.project = failures.project AND tests.test = failures.test
LEFT JOIN runs ON runs.project = failures.project AND runs.run = failures.run;
