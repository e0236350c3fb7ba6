-- name: get
SELECT w.id, w.ref, w.pack_ref, w.label, w.description, w.version, w.param_schema, w.out_schema, w.definition,
       w.digest, w.tags, w.enabled, w.created, w.updated
FROM attune.workflow_definition w WHERE w.ref = $1;

-- name: page
SELECT w.id, w.ref, w.pack_ref, w.label, w.description, w.version, w.param_schema, w.out_schema, w.digest, w.tags,
       w.enabled, w.created, w.updated
FROM attune.workflow_definition w
WHERE ($1::text IS NULL OR w.ref > $1) AND ($2::text IS NULL OR w.pack_ref = $2)
  AND ($4::text[] IS NULL OR w.pack_ref = ANY($4::text[]))
  AND ($2::text IS NOT NULL OR NOT EXISTS (
       SELECT 1 FROM attune.pack k WHERE k.id = w.pack AND k.archived IS NOT NULL))
ORDER BY w.ref LIMIT $3;

-- name: put_version
INSERT INTO attune.workflow_version (digest, ref, definition, task_graph) VALUES ($1, $2, $3, $4)
ON CONFLICT (digest) DO NOTHING;

-- name: put
INSERT INTO attune.workflow_definition
  (ref, pack, pack_ref, label, description, version, param_schema, out_schema, definition, digest, tags, from_pack)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (ref) DO UPDATE SET
  label = excluded.label, description = excluded.description, version = excluded.version,
  param_schema = excluded.param_schema, out_schema = excluded.out_schema, definition = excluded.definition,
  digest = excluded.digest, tags = excluded.tags, updated = now(),
  from_pack = attune.workflow_definition.from_pack OR excluded.from_pack
WHERE attune.workflow_definition.pack = excluded.pack
RETURNING id;

-- name: delete_others
DELETE FROM attune.workflow_definition WHERE pack = $1 AND from_pack AND NOT ref = ANY($2::text[]);

-- name: delete
DELETE FROM attune.workflow_definition WHERE ref = $1;

-- name: live_runs
SELECT r.execution AS id, r.workflow_ref AS action_ref, r.status
FROM attune.workflow_run r
WHERE r.workflow_ref = $1
  AND r.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
UNION
SELECT e.id, e.action_ref, e.status
FROM attune.execution e
WHERE e.action_ref = $1
  AND e.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
ORDER BY 1 LIMIT 50;
