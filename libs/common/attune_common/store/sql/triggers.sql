-- name: get
SELECT id, ref, pack_ref, label, description, kind, param_schema, payload_schema, spec, webhook_key, enabled,
       created, updated
FROM attune.trigger WHERE ref = $1;

-- name: by_webhook_key
SELECT t.id, t.ref, t.payload_schema, t.spec FROM attune.trigger t JOIN attune.pack p ON p.id = t.pack
WHERE t.webhook_key = $1 AND t.enabled AND p.enabled;

-- name: by_refs
SELECT t.ref, t.payload_schema, t.enabled AND p.enabled AS enabled, p.enabled AS pack_enabled
FROM attune.trigger t JOIN attune.pack p ON p.id = t.pack WHERE t.ref = ANY($1::text[]);

-- name: page
SELECT id, ref, pack_ref, label, description, kind, param_schema, payload_schema, spec, webhook_key, enabled,
       created, updated
FROM attune.trigger
WHERE ($1::text IS NULL OR ref > $1) AND ($2::text IS NULL OR pack_ref = $2)
  AND ($4::text[] IS NULL OR pack_ref = ANY($4::text[]))
  AND ($2::text IS NOT NULL OR NOT EXISTS (
       SELECT 1 FROM attune.pack k WHERE k.id = trigger.pack AND k.archived IS NOT NULL))
ORDER BY ref LIMIT $3;

-- name: put
INSERT INTO attune.trigger
  (ref, pack, pack_ref, label, description, kind, param_schema, payload_schema, spec, webhook_key, enabled)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (ref) DO UPDATE SET
  label = excluded.label, description = excluded.description, kind = excluded.kind,
  param_schema = excluded.param_schema, payload_schema = excluded.payload_schema, spec = excluded.spec,
  webhook_key = excluded.webhook_key, enabled = excluded.enabled, updated = now()
WHERE attune.trigger.pack = excluded.pack;

-- name: delete_others
DELETE FROM attune.trigger WHERE pack = $1 AND NOT ref = ANY($2::text[]);

-- name: set_by_rules
SELECT ref FROM attune.trigger WHERE kind = 'timer' AND NOT spec ? 'timer';

-- name: refs
SELECT ref FROM attune.trigger;
