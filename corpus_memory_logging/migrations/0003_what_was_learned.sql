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
