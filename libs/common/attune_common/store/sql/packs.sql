-- name: get
SELECT id, ref, label, description, version, digest, manifest, conf_schema, config, config_secrets, config_set,
       environment, environments, enabled, archived, source, created, updated
FROM attune.pack WHERE ref = $1;

-- name: exists
SELECT true FROM attune.pack WHERE ref = $1;

-- name: lock
SELECT pg_advisory_xact_lock(hashtextextended('attune.pack:' || $1, 0));

-- name: page
SELECT id, ref, label, description, version, digest, enabled, archived, created, updated
FROM attune.pack
WHERE ($1::text IS NULL OR ref > $1) AND ($3::text[] IS NULL OR ref = ANY($3::text[]))
  AND ($4 OR archived IS NULL)
ORDER BY ref LIMIT $2;

-- name: put_content
INSERT INTO attune.pack_content (digest, archive) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING;

-- name: content
SELECT archive FROM attune.pack_content WHERE digest = $1;

-- name: put
INSERT INTO attune.pack (ref, label, description, version, digest, manifest, conf_schema, config, config_secrets,
                         config_set, environment, environments, source)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (ref) DO UPDATE SET
  label = excluded.label, description = excluded.description, version = excluded.version,
  digest = excluded.digest, manifest = excluded.manifest, conf_schema = excluded.conf_schema,
  config = excluded.config, config_secrets = excluded.config_secrets, config_set = excluded.config_set,
  environment = excluded.environment, environments = excluded.environments, source = excluded.source,
  enabled = attune.pack.enabled OR attune.pack.archived IS NOT NULL, archived = NULL, updated = now()
RETURNING id, ref, version, digest;

-- name: keep_version
INSERT INTO attune.pack_version (pack, pack_ref, version, digest, source) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (pack, digest) DO UPDATE SET registered = clock_timestamp(), source = excluded.source
RETURNING id;

-- name: keep_actions
INSERT INTO attune.action_version (pack_version, ref, runtime, entry_point, param_schema, spec, is_workflow, definition)
SELECT $2, a.ref, a.runtime, a.entry_point, a.param_schema, a.spec, a.is_workflow, w.digest
FROM attune.action a LEFT JOIN attune.workflow_definition w ON w.id = a.workflow_def
WHERE a.pack = $1 AND COALESCE(w.from_pack, true)
ON CONFLICT DO NOTHING;

-- name: set_current
UPDATE attune.pack SET current = $2 WHERE id = $1;

-- name: forget_versions
DELETE FROM attune.pack_version v
WHERE v.pack = $1
  AND v.id NOT IN (SELECT k.id FROM attune.pack_version k WHERE k.pack = $1 ORDER BY k.registered DESC LIMIT $2)
  AND NOT EXISTS (
    SELECT 1 FROM attune.execution e WHERE e.pack_version = v.id
    AND e.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped'));

-- name: versions
SELECT v.id, v.version, v.digest, v.source, v.registered, v.id = p.current AS current
FROM attune.pack_version v JOIN attune.pack p ON p.id = v.pack
WHERE p.ref = $1 ORDER BY v.registered DESC, v.id DESC;

-- name: set_enabled
UPDATE attune.pack SET enabled = $2, archived = CASE WHEN $3 THEN now() END, updated = now() WHERE ref = $1;

-- name: needs
SELECT ref, version, manifest -> 'dependencies' AS dependencies, archived FROM attune.pack WHERE ref <> $1 ORDER BY ref;

-- name: using_rules
SELECT ref, trigger_ref, action_ref FROM attune.rule
WHERE pack_ref IS DISTINCT FROM $1
  AND (split_part(trigger_ref, '.', 1) = $1 OR split_part(action_ref, '.', 1) = $1)
ORDER BY ref LIMIT 100;

-- name: using_sensors
SELECT s.ref, t.trigger FROM attune.sensor s, jsonb_array_elements_text(s.spec -> 'triggers') AS t(trigger)
WHERE s.pack_ref <> $1 AND jsonb_typeof(s.spec -> 'triggers') = 'array' AND split_part(t.trigger, '.', 1) = $1
ORDER BY s.ref LIMIT 100;

-- name: calling_workflows
SELECT ref, definition FROM attune.workflow_definition
WHERE pack_ref <> $1 AND strpos(definition::text, '"' || $1 || '.') > 0 ORDER BY ref;

-- name: of_other_environment
SELECT ref FROM attune.pack WHERE environment <> $1;


-- name: set_config
UPDATE attune.pack SET config = $2, config_secrets = $3, config_set = $4, environment = $5, updated = now()
WHERE ref = $1;

-- name: delete
WITH digests AS (SELECT v.digest FROM attune.pack_version v JOIN attune.pack p ON p.id = v.pack WHERE p.ref = $1),
     gone AS (DELETE FROM attune.pack WHERE ref = $1 RETURNING digest)
SELECT digest FROM gone UNION SELECT digest FROM digests;

-- name: delete_content
DELETE FROM attune.pack_content c
WHERE c.digest = ANY($1::text[]) AND NOT EXISTS (SELECT 1 FROM attune.pack p WHERE p.digest = c.digest)
  AND NOT EXISTS (SELECT 1 FROM attune.pack_version v WHERE v.digest = c.digest);

-- name: forget_old_content
DELETE FROM attune.pack_content c
WHERE c.created < now() - interval '7 days'
  AND NOT EXISTS (SELECT 1 FROM attune.pack p WHERE p.digest = c.digest)
  AND NOT EXISTS (SELECT 1 FROM attune.pack_version v WHERE v.digest = c.digest);

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

-- name: registered
SELECT ref, version FROM attune.pack WHERE archived IS NULL;
