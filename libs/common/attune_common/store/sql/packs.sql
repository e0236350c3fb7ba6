-- name: get
SELECT id, ref, label, description, version, digest, manifest, conf_schema, config, config_secrets, enabled, created,
       updated
FROM attune.pack WHERE ref = $1;

-- name: lock
SELECT pg_advisory_xact_lock(hashtextextended('attune.pack:' || $1, 0));

-- name: page
SELECT id, ref, label, description, version, digest, enabled, created, updated
FROM attune.pack
WHERE ($1::text IS NULL OR ref > $1) AND ($3::text[] IS NULL OR ref = ANY($3::text[]))
ORDER BY ref LIMIT $2;

-- name: put_content
INSERT INTO attune.pack_content (digest, archive) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING;

-- name: content
SELECT archive FROM attune.pack_content WHERE digest = $1;

-- name: put
INSERT INTO attune.pack (ref, label, description, version, digest, manifest, conf_schema, config, config_secrets)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (ref) DO UPDATE SET
  label = excluded.label, description = excluded.description, version = excluded.version,
  digest = excluded.digest, manifest = excluded.manifest, conf_schema = excluded.conf_schema,
  config = excluded.config, config_secrets = excluded.config_secrets, updated = now()
RETURNING id, ref, label, description, version, digest, manifest, conf_schema, config, enabled, created, updated;

-- name: set_config
UPDATE attune.pack SET config = $2, config_secrets = $3, updated = now() WHERE ref = $1;

-- name: delete
DELETE FROM attune.pack WHERE ref = $1 RETURNING digest;

-- name: delete_content
DELETE FROM attune.pack_content c
WHERE c.digest = $1 AND NOT EXISTS (SELECT 1 FROM attune.pack p WHERE p.digest = c.digest);

-- name: forget_old_content
DELETE FROM attune.pack_content c
WHERE c.created < now() - interval '7 days'
  AND NOT EXISTS (SELECT 1 FROM attune.pack p WHERE p.digest = c.digest);

-- name: live_executions
SELECT e.id, e.action_ref, e.status
FROM attune.execution e
WHERE e.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
  AND (e.action_ref IN (SELECT a.ref FROM attune.action a WHERE a.pack_ref = $1)
       OR EXISTS (SELECT 1 FROM attune.workflow_run r WHERE r.execution = e.id AND r.pack_ref = $1))
ORDER BY e.id LIMIT 50;

-- name: contents
SELECT 'actions' AS kind, ref FROM attune.action WHERE pack = $1 AND NOT is_workflow
UNION ALL SELECT 'workflows', ref FROM attune.workflow_definition WHERE pack = $1
UNION ALL SELECT 'triggers', ref FROM attune.trigger WHERE pack = $1
UNION ALL SELECT 'rules', ref FROM attune.rule WHERE pack = $1
ORDER BY 2;

-- name: refs
SELECT ref FROM attune.pack;
