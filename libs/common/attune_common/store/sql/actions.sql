-- name: get
SELECT id, ref, pack_ref, label, description, runtime, entry_point, param_schema, out_schema, spec, is_workflow,
       workflow_def, enabled, created, updated
FROM attune.action WHERE ref = $1;

-- name: page
SELECT id, ref, pack_ref, label, description, runtime, entry_point, param_schema, out_schema, spec, is_workflow,
       workflow_def, enabled, created, updated
FROM attune.action
WHERE ($1::text IS NULL OR ref > $1) AND ($2::text IS NULL OR pack_ref = $2)
  AND ($4::text[] IS NULL OR pack_ref = ANY($4::text[]))
  AND ($2::text IS NOT NULL OR NOT EXISTS (
       SELECT 1 FROM attune.pack k WHERE k.id = action.pack AND k.archived IS NOT NULL))
ORDER BY ref LIMIT $3;

-- name: refs
SELECT ref FROM attune.action
WHERE ($1::text[] IS NULL OR pack_ref = ANY($1::text[])) AND (is_workflow OR NOT $2::bool);

-- name: known
SELECT ref, param_schema FROM attune.action;

-- name: put
INSERT INTO attune.action
  (ref, pack, pack_ref, label, description, runtime, entry_point, param_schema, out_schema, spec, is_workflow,
   workflow_def, enabled)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (ref) DO UPDATE SET
  label = excluded.label, description = excluded.description, runtime = excluded.runtime,
  entry_point = excluded.entry_point, param_schema = excluded.param_schema, out_schema = excluded.out_schema,
  spec = excluded.spec, is_workflow = excluded.is_workflow, workflow_def = excluded.workflow_def,
  enabled = excluded.enabled, updated = now()
WHERE attune.action.pack = excluded.pack AND attune.action.is_workflow = excluded.is_workflow;

-- name: delete_leaves
DELETE FROM attune.action WHERE pack = $1 AND NOT is_workflow AND ref = ANY($2::text[]);

-- name: delete_others
DELETE FROM attune.action
WHERE pack = $1 AND NOT ref = ANY($2::text[])
  AND (workflow_def IS NULL OR workflow_def IN (SELECT id FROM attune.workflow_definition WHERE pack = $1 AND from_pack));

-- name: delete
DELETE FROM attune.action WHERE ref = $1;
