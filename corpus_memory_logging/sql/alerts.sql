-- Alerts of a monitoring system. Dialect-neutral, like read.sql and write.sql.

-- The last one that was told of a fingerprint, and the one that began at that time.
-- name: alerts_of_fingerprint
SELECT alert_id, status, started, state FROM alerts
WHERE project = :project AND fingerprint = :fingerprint
ORDER BY started DESC

-- name: add_alert
INSERT INTO alerts (project, alert_id, fingerprint, name, severity, status, started, ended,
    received, labels, annotations, run_id, state, note)
VALUES (:project, :alert_id, :fingerprint, :name, :severity, :status, :started, :ended,
    :received, :labels, :annotations, :run_id, :state, NULL)
ON CONFLICT (project, alert_id) DO NOTHING

-- name: end_alert
UPDATE alerts SET status = 'resolved', ended = COALESCE(:ended, ended)
WHERE project = :project AND alert_id = :alert_id AND status = 'firing'

-- name: settle_alert
UPDATE alerts SET state = :state, run_id = COALESCE(:run_id, run_id), note = :note
WHERE project = :project AND alert_id = :alert_id

-- One line for each alert, the one that began last first; those to be reviewed, the first first.
-- name: alerts
SELECT alert_id, fingerprint, name, severity, status, started, ended, received, labels,
    annotations, run_id, state, note
FROM alerts
WHERE project = :project
    AND alert_id = :alert_id  -- if alert_id
    AND run_id = :run_id  -- if run_id
    AND state = 'accepted'  -- if pending
ORDER BY
    received,  -- if pending
    started DESC, alert_id
LIMIT :limit  -- if limit

-- name: alerts_named
SELECT alert_id AS id, name AS about FROM alerts
WHERE project = :project AND alert_id >= :prefix AND alert_id < :beyond
ORDER BY alert_id LIMIT 10

-- Projects, of all that the memory has, with alerts to be reviewed.
-- name: alerted_projects
SELECT DISTINCT projects.name FROM alerts
JOIN projects ON projects.project = alerts.project
WHERE alerts.state = 'accepted'
ORDER BY projects.name
