-- name: resolve
WITH wanted AS (
  SELECT n.ref, n.pin,
         (SELECT jsonb_object_agg(l.id, l.limits) FROM attune.policy l
          WHERE l.action_ref = n.ref AND l.enabled AND l.limits ?| '{concurrency,rate_limit}') AS policies
  FROM unnest($1::text[], $2::bigint[]) AS n(ref, pin)
)
SELECT n.pin, a.ref, a.pack_ref, a.runtime, a.entry_point, a.param_schema, a.spec, a.is_workflow, a.enabled,
       a.workflow_def, p.digest AS pack_digest, p.current AS pack_version, p.enabled AS pack_enabled,
       w.digest AS version, w.enabled AS workflow_enabled, n.policies
FROM wanted n
JOIN attune.action a ON a.ref = n.ref
JOIN attune.pack p ON p.id = a.pack
LEFT JOIN attune.workflow_definition w ON w.id = a.workflow_def
WHERE n.pin IS NULL OR n.pin = p.current
   OR NOT EXISTS (SELECT 1 FROM attune.action_version v WHERE v.pack_version = n.pin AND v.ref = n.ref)
UNION ALL
SELECT n.pin, v.ref, k.pack_ref, v.runtime, v.entry_point, v.param_schema, v.spec, v.is_workflow, true,
       NULL, k.digest, k.id, p.enabled, v.definition, NULL, n.policies
FROM wanted n
JOIN attune.action_version v ON v.pack_version = n.pin AND v.ref = n.ref
JOIN attune.pack_version k ON k.id = n.pin
JOIN attune.pack p ON p.id = k.pack AND p.current <> k.id

-- name: kv
SELECT key, value FROM attune.kv WHERE key = ANY($1::text[]) AND (expires IS NULL OR expires > now())
