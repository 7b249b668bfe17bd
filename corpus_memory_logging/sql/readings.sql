-- What models answered, and what that cost. Dialect-neutral, like read.sql and write.sql.

-- name: reading
SELECT signature, prompt, model, status, reason, answer, requests, prompt_tokens, answer_tokens,
    seconds
FROM readings
WHERE project = :project AND signature = :signature AND prompt = :prompt AND model = :model
    AND status <> 'asking'

-- A claim of a process that died is taken over when it is stale.
-- name: claim_reading
INSERT INTO readings (project, signature, prompt, model, time, status, answer, requests,
    prompt_tokens, answer_tokens, seconds)
VALUES (:project, :signature, :prompt, :model, :time, 'asking', '{}', 0, 0, 0, 0)
ON CONFLICT (project, signature, prompt, model) DO UPDATE SET time = excluded.time
WHERE readings.status = 'asking' AND readings.time < :stale

-- name: release_reading
DELETE FROM readings
WHERE project = :project AND signature = :signature AND prompt = :prompt AND model = :model
    AND status = 'asking'

-- name: add_reading
INSERT INTO readings (project, signature, prompt, model, time, status, reason, answer, requests,
    prompt_tokens, answer_tokens, seconds)
VALUES (:project, :signature, :prompt, :model, :time, :status, :reason, :answer, :requests,
    :prompt_tokens, :answer_tokens, :seconds)
ON CONFLICT (project, signature, prompt, model) DO UPDATE SET time = excluded.time,
    status = excluded.status, reason = excluded.reason, answer = excluded.answer,
    requests = excluded.requests, prompt_tokens = excluded.prompt_tokens,
    answer_tokens = excluded.answer_tokens, seconds = excluded.seconds
WHERE readings.status = 'asking'

-- Nothing is added on a day whose budget, of all models together, does not hold so much.
-- name: reserve
INSERT INTO spending (project, day, model, requests, tokens)
SELECT :project, :day, :model, 1, :tokens
FROM (SELECT COALESCE(SUM(requests), 0) AS requests, COALESCE(SUM(tokens), 0) AS tokens
    FROM spending WHERE project = :project AND day = :day) AS spent
WHERE spent.requests + 1 <= :max_requests AND spent.tokens + :tokens <= :max_tokens
ON CONFLICT (project, day, model) DO UPDATE SET
    requests = spending.requests + excluded.requests, tokens = spending.tokens + excluded.tokens

-- name: settle
UPDATE spending SET tokens = tokens + :difference
WHERE project = :project AND day = :day AND model = :model

-- name: spending
SELECT spending.day, spending.model, spending.requests, spending.tokens,
    COALESCE(SUM(CASE WHEN readings.status = 'accepted' THEN 1 ELSE 0 END), 0) AS accepted,
    COALESCE(SUM(CASE WHEN readings.status = 'rejected' THEN 1 ELSE 0 END), 0) AS rejected,
    COALESCE(SUM(readings.seconds), 0) AS seconds
FROM spending
LEFT JOIN readings ON readings.project = spending.project AND readings.model = spending.model
    AND SUBSTR(readings.time, 1, 10) = spending.day
WHERE spending.project = :project
    AND spending.day >= SUBSTR(:since, 1, 10)  -- if since
GROUP BY spending.day, spending.model, spending.requests, spending.tokens
ORDER BY spending.day DESC, spending.model
LIMIT :limit  -- if limit
