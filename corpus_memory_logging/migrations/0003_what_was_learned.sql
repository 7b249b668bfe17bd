-- What a cause looks like, so that causes near it are found.

-- One text for each cause; the full-text index holds those of which something was learned.
CREATE TABLE likenesses (
    likeness INTEGER PRIMARY KEY, -- the table's rowid, which the index needs
    project INTEGER NOT NULL REFERENCES projects,
    cause_id TEXT NOT NULL,
    content TEXT NOT NULL,
    learned INTEGER NOT NULL, -- 1 where a reviewer decided, or a suggestion worked
    UNIQUE (project, cause_id),
    FOREIGN KEY (project, cause_id) REFERENCES causes
);
CREATE VIRTUAL TABLE likenesses_search USING fts5(
    content, content = 'likenesses', content_rowid = 'likeness'
);
CREATE VIRTUAL TABLE likenesses_words USING fts5vocab('likenesses_search', 'row');
CREATE TRIGGER likenesses_added AFTER INSERT ON likenesses WHEN new.learned = 1 BEGIN
    INSERT INTO likenesses_search (rowid, content) VALUES (new.likeness, new.content);
END;
CREATE TRIGGER likenesses_removed AFTER DELETE ON likenesses WHEN old.learned = 1 BEGIN
    INSERT INTO likenesses_search (likenesses_search, rowid, content)
    VALUES ('delete', old.likeness, old.content);
END;
CREATE TRIGGER likenesses_changed AFTER UPDATE ON likenesses BEGIN
    INSERT INTO likenesses_search (likenesses_search, rowid, content)
    SELECT 'delete', old.likeness, old.content WHERE old.learned = 1;
    INSERT INTO likenesses_search (rowid, content)
    SELECT new.likeness, new.content WHERE new.learned = 1;
END;

-- Of causes from before, the title is all that is known without unpacking their failures.
INSERT INTO likenesses (likeness, project, cause_id, content, learned)
SELECT causes.rowid, causes.project, causes.cause_id, texts.content,
    EXISTS (SELECT 1 FROM decisions WHERE decisions.project = causes.project
        AND decisions.cause_id = causes.cause_id AND decisions.run IS NULL
        AND COALESCE(decisions.category, decisions.culprit, decisions.accepted) IS NOT NULL)
FROM causes JOIN texts ON texts.text = causes.title;

-- What is broken: causes whose tests have not passed since. A lane is runs that are alike: of one
-- branch, interpreter, platform and CI job. An episode is what lies in a lane between two times
-- that the tests of a cause passed.
CREATE TABLE episodes (
    project INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    cause_id TEXT NOT NULL,
    first_run INTEGER NOT NULL,
    run INTEGER NOT NULL, -- the last that had the cause
    PRIMARY KEY (project, lane, cause_id),
    FOREIGN KEY (project, run) REFERENCES runs ON DELETE CASCADE,
    FOREIGN KEY (project, cause_id) REFERENCES causes
) WITHOUT ROWID;

-- What became of suggestions: one row for each suggestion and episode, written by later runs. Runs
-- may be pruned, this stays.
CREATE TABLE trials (
    project INTEGER NOT NULL REFERENCES projects,
    source TEXT NOT NULL, -- as in suggestions
    origin TEXT NOT NULL, -- as in suggestions; empty for those of reviewers
    cause_id TEXT NOT NULL,
    lane INTEGER NOT NULL,
    first_run INTEGER NOT NULL, -- of the episode
    suggestion_id TEXT NOT NULL,
    run_id TEXT NOT NULL, -- the run that said so
    green INTEGER NOT NULL, -- 1 where the tests passed in the run after one that suggested it
    tried INTEGER NOT NULL, -- 1 where it was accepted, or its commands were carried out
    PRIMARY KEY (project, source, origin, cause_id, lane, first_run, suggestion_id)
) WITHOUT ROWID;

-- What the metadata of the distributions says, which rules need: JSON, compressed by zlib; null where
-- no red run of the environment brought it.
ALTER TABLE environments ADD COLUMN distributions BLOB;
