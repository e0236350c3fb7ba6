-- name: lock
SELECT r.id, r.revision, r.status, p.config, p.config_secrets, now() AS now
FROM attune.workflow_run r LEFT JOIN attune.pack p ON p.ref = r.pack_ref
WHERE r.id = ANY($1::bigint[]) ORDER BY r.id FOR NO KEY UPDATE OF r

-- name: lock_free
SELECT r.id, r.revision, r.status, p.config, p.config_secrets, now() AS now
FROM attune.workflow_run r LEFT JOIN attune.pack p ON p.ref = r.pack_ref
WHERE r.id = ANY($1::bigint[]) ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED

-- name: load
SELECT r.id, r.execution, r.attempt, r.workflow_ref, r.workflow_def, r.version, r.pack_ref, r.status, r.revision,
       r.tries, r.state, r.variables,
       e.parameters, e.secrets, e.token, e.pack_version, e.trace_id, e.root, e.depth, e.identity, e.rule_ref, e.trigger_ref, e.action_ref,
       e.workflow_run AS parent_run, e.task_name, e.iteration, e.task_index, i.login
FROM attune.workflow_run r
JOIN attune.execution e ON e.id = r.execution
LEFT JOIN attune.identity i ON i.id = e.identity
WHERE r.id = ANY($1::bigint[])

-- name: allocate
SELECT nextval('attune.workflow_run_id_seq') AS id FROM generate_series(1, $1::int)

-- name: insert
INSERT INTO attune.workflow_run (
  id, execution, attempt, workflow_ref, workflow_def, version, pack_ref, created, revision, status, state, variables,
  tries, error_message, completed_at
)
SELECT n.id, n.execution, n.attempt, n.workflow_ref, n.workflow_def, n.version, n.pack_ref, n.created, n.revision,
       n.status::attune.execution_status_enum, n.state, COALESCE(n.variables, '{}'), n.tries, n.error, n.completed_at
FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::text[], $5::bigint[], $6::text[], $7::text[],
            $8::timestamptz[], $9::int[], $10::text[], $11::jsonb[], $12::json[], $13::int[], $14::text[],
            $15::timestamptz[])
  AS n(id, execution, attempt, workflow_ref, workflow_def, version, pack_ref, created, revision, status, state,
       variables, tries, error, completed_at)

-- name: origins
SELECT n.id, i.login, p.config, p.config_secrets
FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(id, identity, action)
LEFT JOIN attune.identity i ON i.id = n.identity
LEFT JOIN attune.action a ON a.ref = n.action
LEFT JOIN attune.pack p ON p.id = a.pack

-- name: paused
SELECT id FROM attune.workflow_run WHERE id = ANY($1::bigint[]) AND status IN ('pausing', 'paused')

-- name: definitions
SELECT digest, definition FROM attune.workflow_version WHERE digest = ANY($1::text[])

-- name: update
UPDATE attune.workflow_run r
SET revision = n.revision, status = n.status::attune.execution_status_enum, state = n.state,
    variables = COALESCE(n.variables, r.variables), tries = n.tries, error_message = n.error,
    completed_at = n.completed_at, updated = now(),
    moved = CASE WHEN r.moved < now() - interval '10 seconds' THEN now() ELSE r.moved END
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::jsonb[], $5::json[], $6::int[], $7::text[], $8::timestamptz[],
            $9::int[])
  AS n(id, revision, status, state, variables, tries, error, completed_at, seen)
WHERE r.id = n.id AND (n.seen IS NULL OR r.revision = n.seen)
RETURNING r.id AS runs_written

-- name: of_executions
SELECT w.id, w.execution FROM attune.workflow_run w JOIN attune.execution e ON e.id = w.execution
WHERE w.execution = ANY($1::bigint[]) AND w.attempt = e.attempt

-- name: children
SELECT w.id, e.workflow_run AS parent_run FROM attune.execution e
JOIN attune.workflow_run w ON w.execution = e.id AND w.attempt = e.attempt
WHERE e.workflow_run = ANY($1::bigint[]) AND e.is_workflow
  AND e.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
  AND w.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
ORDER BY w.id

-- name: insert_requests
INSERT INTO attune.run_request (workflow_run, kind, detail)
SELECT n.run, n.kind, n.detail FROM unnest($1::bigint[], $2::text[], $3::jsonb[]) AS n(run, kind, detail)

-- name: lock_requests
SELECT id, workflow_run, kind, detail FROM attune.run_request
WHERE workflow_run = ANY($1::bigint[]) AND NOT done ORDER BY id FOR UPDATE

-- name: close_requests
UPDATE attune.run_request SET done = true WHERE id = ANY($1::bigint[])

-- name: open_requests
SELECT q.workflow_run, q.kind FROM attune.run_request q
WHERE NOT q.done AND q.created < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.kind = 'poison' AND i.resolved IS NULL
                  AND i.subject = 'run:' || q.workflow_run)
ORDER BY q.id LIMIT 500
