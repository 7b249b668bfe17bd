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

-- Causes of which something was learned and that share words with a text, best first.
-- name: similar
SELECT causes.cause_id, causes.signature, title.content AS title, likenesses.content,
    {verdict},
    said.reviewer, said.time
FROM likenesses
JOIN causes ON causes.project = likenesses.project AND causes.cause_id = likenesses.cause_id
JOIN texts AS title ON title.text = causes.title
JOIN occurrences ON occurrences.project = causes.project
    AND occurrences.cause_id = causes.cause_id AND occurrences.run = causes.last_run
LEFT JOIN decisions AS said ON said.project = causes.project AND said.cause_id = causes.cause_id
    AND said.number = (SELECT MAX(number) FROM decisions AS every
        WHERE every.project = causes.project AND every.cause_id = causes.cause_id
        AND every.run IS NULL
        AND COALESCE(every.category, every.culprit, every.accepted) IS NOT NULL)
WHERE likenesses.project = :project AND causes.signature <> :signature
    AND likenesses.likeness IN {nearest_likenesses}
