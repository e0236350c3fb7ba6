-- name: executions
SELECT e.id FROM attune.execution e
WHERE e.status = ANY($1::attune.execution_status_enum[])
  AND ($2::bigint[] IS NOT NULL OR $8::bigint IS NOT NULL OR e.workflow_run IS NULL)
  AND ($2::bigint[] IS NULL OR e.id = ANY($2))
  AND ($3::text IS NULL OR e.action_ref = $3)
  AND ($4::text IS NULL OR starts_with(e.action_ref, $4 || '.'))
  AND ($5::text IS NULL OR e.rule_ref = $5)
  AND ($6::text IS NULL OR e.trigger_ref = $6)
  AND ($7::bigint IS NULL OR e.event = $7)
  AND ($8::bigint IS NULL OR e.parent = $8)
  AND ($9::text IS NULL OR e.trace_id = $9)
  AND ($10::text IS NULL OR e.identity = (SELECT i.id FROM attune.identity i WHERE i.login = $10))
  AND ($11::timestamptz IS NULL OR e.created >= $11)
  AND ($12::timestamptz IS NULL OR e.created < $12)
  AND ($13::text[] IS NULL OR e.identity = $14 OR split_part(e.action_ref, '.', 1) = ANY($13)
       OR EXISTS (SELECT 1 FROM attune.execution o
                  WHERE o.id = e.root AND split_part(o.action_ref, '.', 1) = ANY($13)))
ORDER BY e.id DESC LIMIT $15;

-- name: runs
SELECT r.id FROM attune.workflow_run r JOIN attune.execution e ON e.id = r.execution
WHERE r.status = ANY($1::attune.execution_status_enum[])
  AND ($2::bigint[] IS NOT NULL OR e.parent IS NULL)
  AND ($2::bigint[] IS NULL OR r.id = ANY($2))
  AND ($3::text IS NULL OR e.action_ref = $3)
  AND ($4::text IS NULL OR starts_with(e.action_ref, $4 || '.'))
  AND ($5::text IS NULL OR e.rule_ref = $5)
  AND ($6::text IS NULL OR e.trigger_ref = $6)
  AND ($7::bigint IS NULL OR e.event = $7)
  AND ($8::bigint IS NULL OR e.parent = $8)
  AND ($9::text IS NULL OR e.trace_id = $9)
  AND ($10::text IS NULL OR e.identity = (SELECT i.id FROM attune.identity i WHERE i.login = $10))
  AND ($11::timestamptz IS NULL OR r.created >= $11)
  AND ($12::timestamptz IS NULL OR r.created < $12)
  AND ($13::text[] IS NULL OR e.identity = $14 OR split_part(e.action_ref, '.', 1) = ANY($13)
       OR EXISTS (SELECT 1 FROM attune.execution o
                  WHERE o.id = e.root AND split_part(o.action_ref, '.', 1) = ANY($13)))
ORDER BY r.id DESC LIMIT $15;
