-- What models answered when they were asked about causes, and what that cost.

-- Once for each signature, version of the prompt and model.
CREATE TABLE readings (
    project INTEGER NOT NULL REFERENCES projects,
    signature TEXT NOT NULL,
    prompt TEXT NOT NULL, -- name and hash of its files
    model TEXT NOT NULL,
    time TEXT NOT NULL,
    status TEXT NOT NULL, -- accepted, rejected
    reason TEXT, -- why it was rejected
    answer TEXT NOT NULL, -- what was accepted, as JSON
    requests INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    answer_tokens INTEGER NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (project, signature, prompt, model)
);

-- What was asked on a day (UTC), answered or not: reserved before a request is sent.
CREATE TABLE spending (
    project INTEGER NOT NULL REFERENCES projects,
    day TEXT NOT NULL,
    model TEXT NOT NULL,
    requests INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (project, day, model)
);
