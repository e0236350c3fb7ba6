-- name: insert
WITH given AS (
  SELECT nextval(pg_get_serial_sequence('attune.execution', 'id')) AS id, n.*
  FROM unnest($1::text[], $2::bool[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[],
              $8::int[], $9::bigint[], $10::json[], $11::jsonb[])
    WITH ORDINALITY
    AS n(action_ref, is_workflow, identity, trace_id, idempotency_key, digest, parent, depth, event, parameters,
         secrets, place)
), stored AS (
  INSERT INTO attune.execution
    (id, action_ref, is_workflow, parameters, identity, trace_id, idempotency_key, request_digest, secrets, parent,
     depth, event)
  SELECT id, action_ref, is_workflow, parameters, identity, trace_id, idempotency_key, digest, secrets, parent,
         depth, event
  FROM given ORDER BY place
  ON CONFLICT (identity, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
  RETURNING id, created
)
SELECT given.place, stored.id, stored.created FROM stored JOIN given ON given.id = stored.id;

-- name: opening
SELECT now() AS now, (SELECT revision FROM attune.registered) AS registered,
       ARRAY(SELECT nextval('attune.execution_id_seq') FROM generate_series(1, $1::int)) AS ids;

-- name: insert_new
INSERT INTO attune.execution
  (id, action_ref, is_workflow, identity, trace_id, request_digest, parent, depth, event, parameters, secrets, created,
   updated)
SELECT n.id, n.action_ref, n.is_workflow, n.identity, n.trace_id, n.digest, n.parent, n.depth, n.event, n.parameters,
       n.secrets, $12::timestamptz, $12
FROM unnest($1::bigint[], $2::text[], $3::bool[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::int[],
            $9::bigint[], $10::json[], $11::jsonb[])
  AS n(id, action_ref, is_workflow, identity, trace_id, digest, parent, depth, event, parameters, secrets);

-- name: origins
SELECT e.id, e.depth, e.trace_id, COALESCE(e.event, r.event) AS event
FROM attune.execution e LEFT JOIN attune.execution r ON r.id = e.root
WHERE e.id = ANY($1::bigint[]);

-- name: by_idempotency_keys
SELECT n.place, e.id, e.request_digest
FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS n(identity, key, place)
JOIN attune.execution e ON e.identity = n.identity AND e.idempotency_key = n.key
UNION ALL
SELECT n.place, e.id, e.request_digest
FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS n(identity, key, place)
JOIN attune.execution e ON e.identity IS NULL AND e.idempotency_key = n.key
WHERE n.identity IS NULL;

-- name: secret_parameters
SELECT parameters, secrets FROM attune.execution WHERE id = $1;

-- name: lock_execution
SELECT id, action_ref, status, attempt, token, parent, root, workflow_run, task_name, task_index, is_workflow,
       cancel_requested, pool
FROM attune.execution WHERE id = $1 FOR UPDATE;

-- name: latest_run
SELECT id, status FROM attune.workflow_run WHERE execution = $1 ORDER BY attempt DESC LIMIT 1;

-- name: run
SELECT r.id, r.status, r.execution, r.workflow_ref, e.parent,
       (SELECT q.kind FROM attune.run_request q WHERE q.workflow_run = r.id AND NOT q.done AND q.kind IN ('pause', 'resume')
        ORDER BY q.id DESC LIMIT 1) AS asked
FROM attune.workflow_run r JOIN attune.execution e ON e.id = r.execution WHERE r.id = $1;

-- name: request_cancel
UPDATE attune.execution SET cancel_requested = true, updated = now() WHERE id = $1;

-- name: finish_cancelled
UPDATE attune.execution
SET status = 'cancelled', cancel_requested = true, error = $2, completed_at = now(), updated = now(),
    lease_until = NULL
WHERE id = $1;

-- name: waiting
SELECT count(*) FROM (
  SELECT 1 FROM attune.execution WHERE status IN ('requested', 'scheduled') LIMIT $1
) AS waiting;
