-- name: get
SELECT e.id, e.action_ref, e.status, e.attempt, e.parent, e.root, e.workflow_run, e.task_name, e.iteration,
       e.task_index, e.is_workflow, e.max_retries, e.timeout, e.pool, e.parameters, e.result, e.error, e.worker,
       e.cancel_requested, i.login AS identity, e.rule_ref, e.trigger_ref, e.event, e.trace_id, e.created,
       e.updated, e.started_at, e.completed_at, a.param_schema,
       (SELECT r.id FROM attune.workflow_run r WHERE r.execution = e.id ORDER BY r.attempt DESC LIMIT 1)
         AS workflow_execution,
       (SELECT n.id FROM attune.incident n WHERE n.resolved IS NULL
          AND (n.execution = e.id OR n.workflow_run IN (SELECT r.id FROM attune.workflow_run r WHERE r.execution = e.id))
        ORDER BY n.id LIMIT 1) AS incident
FROM attune.execution e
LEFT JOIN attune.identity i ON i.id = e.identity
LEFT JOIN attune.action a ON a.ref = e.action_ref
WHERE e.id = $1;

-- name: page
-- One status is asked for by `=`: the index of the troubled gives its rows in order then, several have to be sorted.
SELECT e.id, e.action_ref, e.status, e.attempt, e.parent, e.root, e.workflow_run, e.task_name, e.iteration,
       e.task_index, e.is_workflow, e.max_retries, e.timeout, e.pool, e.worker, e.error,
       e.cancel_requested, i.login AS identity, e.rule_ref, e.trigger_ref, e.event, e.trace_id, e.created,
       e.updated, e.started_at, e.completed_at,
       (SELECT r.id FROM attune.workflow_run r WHERE r.execution = e.id ORDER BY r.attempt DESC LIMIT 1)
         AS workflow_execution
FROM attune.execution e
LEFT JOIN attune.identity i ON i.id = e.identity
WHERE ($1::bigint IS NULL OR e.id < $1)
  AND ($2::attune.execution_status_enum[] IS NULL OR CASE cardinality($2)
       WHEN 1 THEN e.status = ($2)[1] ELSE e.status = ANY($2) END)
  AND ($3::text IS NULL OR e.action_ref = $3)
  AND ($4::bigint IS NULL OR e.parent = $4)
  AND (NOT $5::boolean OR e.parent IS NULL)
  AND ($6::text IS NULL OR e.rule_ref = $6)
  AND ($10::text IS NULL OR starts_with(e.action_ref, $10 || '.'))
  AND ($11::text IS NULL OR e.trigger_ref = $11)
  AND ($12::text IS NULL OR e.trace_id = $12)
  AND ($13::bigint IS NULL OR e.event = $13)
  AND ($14::bigint IS NULL OR e.workflow_run = $14)
  AND ($15::text IS NULL OR i.login = $15)
  AND ($16::timestamptz IS NULL OR e.created >= $16 AND e.id >= (
       SELECT attune.first_id_since('attune.execution', $16 - interval '10 minutes')))
  AND ($17::timestamptz IS NULL OR e.created < $17 AND e.id < (
       SELECT attune.first_id_since('attune.execution', $17 + interval '10 minutes')))
  AND ($18::bigint[] IS NULL OR e.id = ANY($18))
  AND ($8::text[] IS NULL OR e.identity = $9 OR split_part(e.action_ref, '.', 1) = ANY($8::text[])
       OR EXISTS (SELECT 1 FROM attune.execution o
                  WHERE o.id = e.root AND split_part(o.action_ref, '.', 1) = ANY($8::text[])))
ORDER BY e.id DESC LIMIT $7;

-- name: holding
-- Of the newest executions below $1, so many as may be looked through, those whose inputs hold the text.
WITH looked AS MATERIALIZED (
  SELECT e.id, e.parameters FROM attune.execution e
  WHERE ($1::bigint IS NULL OR e.id < $1)
    AND ($4::attune.execution_status_enum[] IS NULL OR CASE cardinality($4)
         WHEN 1 THEN e.status = ($4)[1] ELSE e.status = ANY($4) END)
    AND ($5::text IS NULL OR e.action_ref = $5)
    AND ($6::text IS NULL OR e.trace_id = $6)
    AND ($7::timestamptz IS NULL OR e.created >= $7 AND e.id >= (
         SELECT attune.first_id_since('attune.execution', $7 - interval '10 minutes')))
    AND ($8::timestamptz IS NULL OR e.created < $8 AND e.id < (
         SELECT attune.first_id_since('attune.execution', $8 + interval '10 minutes')))
    AND (NOT $9::boolean OR e.parent IS NULL)
  ORDER BY e.id DESC LIMIT $3
)
SELECT COALESCE((SELECT array_agg(id) FROM looked WHERE strpos(lower(parameters::text), lower($2)) > 0), '{}') AS found,
       (SELECT min(id) FROM looked) AS last, (SELECT count(*) FROM looked) = $3 AS more;

-- name: attempts
SELECT attempt, status, error, worker, started_at, completed_at
FROM attune.execution_attempt WHERE execution = $1 ORDER BY attempt;

-- name: exists
SELECT true FROM attune.execution WHERE id = $1;
