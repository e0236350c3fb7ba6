-- name: resolve
SELECT a.ref, a.pack_ref, a.runtime, a.entry_point, a.param_schema, a.spec, a.is_workflow, a.enabled, a.workflow_def,
       p.digest AS pack_digest, p.enabled AS pack_enabled, w.digest AS version, w.enabled AS workflow_enabled,
       v.digest IS NOT NULL AS version_stored
FROM attune.action a
JOIN attune.pack p ON p.id = a.pack
LEFT JOIN attune.workflow_definition w ON w.id = a.workflow_def
LEFT JOIN attune.workflow_version v ON v.digest = w.digest
WHERE a.ref = ANY($1::text[])

-- name: definitions
SELECT digest, ref, definition FROM attune.workflow_definition WHERE digest = ANY($1::text[])

-- name: kv
SELECT key, value FROM attune.kv WHERE key = ANY($1::text[])
