-- name: resolve
SELECT a.ref, a.pack_ref, a.runtime, a.entry_point, a.param_schema, a.spec, a.is_workflow, a.enabled, a.workflow_def,
       p.digest AS pack_digest, p.enabled AS pack_enabled, w.digest AS version, w.enabled AS workflow_enabled
FROM attune.action a
JOIN attune.pack p ON p.id = a.pack
LEFT JOIN attune.workflow_definition w ON w.id = a.workflow_def
WHERE a.ref = ANY($1::text[])

-- name: kv
SELECT key, value FROM attune.kv WHERE key = ANY($1::text[]) AND (expires IS NULL OR expires > now())
