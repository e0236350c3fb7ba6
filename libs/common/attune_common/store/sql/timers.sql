-- name: insert
INSERT INTO attune.timer (due_at, kind, workflow_run, target, held)
SELECT now() + make_interval(secs => n.seconds), n.kind, n.run, n.target, n.held
FROM unnest($1::float8[], $2::text[], $3::bigint[], $4::jsonb[], $5::bool[]) AS n(seconds, kind, run, target, held)

-- name: due
SELECT t.id, t.kind, t.workflow_run, t.target FROM attune.timer t
WHERE t.due_at <= now() AND NOT t.held
  AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.kind = 'poison' AND i.resolved IS NULL
                  AND i.subject = 'run:' || t.workflow_run)
ORDER BY t.due_at LIMIT $1

-- name: lock
SELECT id, kind, workflow_run, target FROM attune.timer
WHERE id = ANY($1::bigint[]) AND NOT held ORDER BY id FOR UPDATE SKIP LOCKED

-- name: next_due
SELECT extract(epoch FROM min(due_at) - now())::float8 FROM attune.timer WHERE NOT held

-- name: remove
DELETE FROM attune.timer WHERE id = ANY($1::bigint[])

-- name: remove_of_runs
DELETE FROM attune.timer WHERE workflow_run = ANY($1::bigint[])

-- name: hold
UPDATE attune.timer SET held = true WHERE id = ANY($1::bigint[])

-- name: release
UPDATE attune.timer SET held = false WHERE workflow_run = ANY($1::bigint[]) AND held
