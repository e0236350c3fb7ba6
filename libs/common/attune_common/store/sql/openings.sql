-- name: reports
SELECT e.id AS execution, e.action_ref, e.status, e.trace_id, e.attempt, e.token, e.parent, e.root, e.workflow_run,
       e.task_name, e.iteration, e.task_index, e.depth, e.is_workflow, e.tries, e.max_retries, e.losses,
       e.attempts_before, e.timeout, e.pool, e.cancel_requested, e.identity, e.rule_ref, e.trigger_ref, e.event,
       e.worker, e.pack_version, e.started_at, e.completed_at, e.claim, e.xmin AS seen,
       now() AS now, ARRAY(
         SELECT t.ref FROM unnest($2::text[]) AS t(ref) WHERE EXISTS (
           SELECT FROM attune.rule l LEFT JOIN attune.pack k ON k.id = l.pack
           WHERE l.enabled AND l.trigger_ref = t.ref AND COALESCE(k.enabled, true))) AS heard,
       (SELECT revision FROM attune.registered) AS registered, nextval('attune.execution_id_seq') AS new_id,
       r.id, r.revision, r.pack_ref, p.xmin AS pack_seen
FROM attune.execution e
LEFT JOIN attune.workflow_run r ON r.id = e.workflow_run
LEFT JOIN attune.pack p ON p.ref = r.pack_ref
WHERE e.id = ANY($1::bigint[])

-- name: requests
SELECT e.id AS execution, e.action_ref, e.status, e.trace_id, e.attempt, e.token, e.parent, e.root, e.workflow_run,
       e.task_name, e.iteration, e.task_index, e.depth, e.is_workflow, e.tries, e.max_retries, e.losses,
       e.attempts_before, e.timeout, e.pool, e.cancel_requested, e.identity, e.rule_ref, e.trigger_ref, e.event,
       e.worker, e.pack_version, e.started_at, e.completed_at, e.claim, e.xmin AS seen,
       now() AS now, (SELECT attune.heard($2::text[])) AS heard,
       (SELECT revision FROM attune.registered) AS registered, nextval('attune.execution_id_seq') AS new_id,
       CASE WHEN a.is_workflow THEN nextval('attune.workflow_run_id_seq') END AS run,
       e.parameters, e.secrets, i.login, p.config, p.config_secrets
FROM attune.execution e
LEFT JOIN attune.identity i ON i.id = e.identity
LEFT JOIN attune.action a ON a.ref = e.action_ref
LEFT JOIN attune.pack p ON p.id = a.pack
WHERE e.id = ANY($1::bigint[])

-- name: configs
SELECT ref, xmin AS seen, config, config_secrets FROM attune.pack WHERE ref = ANY($1::text[])

-- name: events
SELECT v.id, v.trigger_ref, v.payload, v.secrets, v.source, v.trace_id, v.depth, v.created, v.xmin AS seen,
       now() AS now, (SELECT attune.heard($2::text[])) AS heard,
       (SELECT revision FROM attune.registered) AS registered, nextval('attune.execution_id_seq') AS new_id
FROM attune.event v
WHERE v.id = ANY($1::bigint[]) AND NOT v.matched
