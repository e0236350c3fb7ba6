-- name: get
SELECT r.id, r.ref, r.pack_ref, r.label, r.description, r.trigger_ref, r.trigger_params, r.criteria, r.action_ref,
       r.action_params, r.rate_limit, i.login AS owner, r.enabled, r.created, r.updated
FROM attune.rule r LEFT JOIN attune.identity i ON i.id = r.owner
WHERE r.ref = $1;

-- name: page
SELECT r.id, r.ref, r.pack_ref, r.label, r.description, r.trigger_ref, r.trigger_params, r.criteria, r.action_ref,
       r.action_params, r.rate_limit, i.login AS owner, r.enabled, r.created, r.updated
FROM attune.rule r LEFT JOIN attune.identity i ON i.id = r.owner
WHERE ($1::text IS NULL OR r.ref > $1) AND ($2::text IS NULL OR r.pack_ref = $2)
  AND ($3::text IS NULL OR r.trigger_ref = $3)
  AND ($5::text[] IS NULL OR split_part(r.ref, '.', 1) = ANY($5::text[]))
  AND ($2::text IS NOT NULL OR NOT EXISTS (
       SELECT 1 FROM attune.pack k WHERE k.id = r.pack AND k.archived IS NOT NULL))
ORDER BY r.ref LIMIT $4;

-- name: put
INSERT INTO attune.rule
  (ref, pack, pack_ref, label, description, trigger_ref, trigger_params, criteria, action_ref, action_params, owner,
   enabled, rate_limit)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (ref) DO UPDATE SET
  label = excluded.label, description = excluded.description, trigger_ref = excluded.trigger_ref,
  trigger_params = excluded.trigger_params, criteria = excluded.criteria, action_ref = excluded.action_ref,
  action_params = excluded.action_params, owner = excluded.owner, enabled = excluded.enabled, rate_limit = excluded.rate_limit,
  updated = now()
WHERE attune.rule.pack IS NOT DISTINCT FROM excluded.pack;

-- name: insert
INSERT INTO attune.rule
  (ref, pack, pack_ref, label, description, trigger_ref, trigger_params, criteria, action_ref, action_params, owner,
   enabled, rate_limit)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (ref) DO NOTHING;

-- name: update
UPDATE attune.rule SET
  label = $2, description = $3, trigger_ref = $4, trigger_params = $5, criteria = $6, action_ref = $7,
  action_params = $8, owner = $9, enabled = $10, rate_limit = $11, updated = now()
WHERE ref = $1;

-- name: delete
DELETE FROM attune.rule WHERE ref = $1;

-- name: delete_others
DELETE FROM attune.rule WHERE pack = $1 AND NOT ref = ANY($2::text[]);

-- name: get_for_update
SELECT id, ref, pack_ref, label, description, trigger_ref, trigger_params, criteria, action_ref, action_params, owner,
       enabled, rate_limit
FROM attune.rule WHERE ref = $1 FOR UPDATE;
