-- name: get
SELECT p.id, p.ref, p.pack_ref, p.label, p.description, p.action_ref, p.limits, p.enabled, p.created, p.updated
FROM attune.policy p WHERE p.ref = $1

-- name: page
SELECT p.id, p.ref, p.pack_ref, p.label, p.description, p.action_ref, p.limits, p.enabled, p.created, p.updated
FROM attune.policy p
WHERE ($1::text IS NULL OR p.ref > $1) AND ($2::text IS NULL OR p.pack_ref = $2)
  AND ($3::text IS NULL OR p.action_ref = $3)
  AND ($5::text[] IS NULL OR split_part(p.ref, '.', 1) = ANY($5::text[]))
  AND ($2::text IS NOT NULL OR NOT EXISTS (
       SELECT 1 FROM attune.pack k WHERE k.id = p.pack AND k.archived IS NOT NULL))
ORDER BY p.ref LIMIT $4

-- name: put
INSERT INTO attune.policy (ref, pack, pack_ref, label, description, action_ref, limits, enabled)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (ref) DO UPDATE SET
  label = excluded.label, description = excluded.description, action_ref = excluded.action_ref,
  limits = excluded.limits, enabled = excluded.enabled, updated = now()
WHERE attune.policy.pack IS NOT DISTINCT FROM excluded.pack

-- name: insert
INSERT INTO attune.policy (ref, pack, pack_ref, label, description, action_ref, limits, enabled)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (ref) DO NOTHING

-- name: update
UPDATE attune.policy SET label = $2, description = $3, action_ref = $4, limits = $5, enabled = $6, updated = now()
WHERE ref = $1

-- name: delete
DELETE FROM attune.policy WHERE ref = $1

-- name: delete_others
DELETE FROM attune.policy WHERE pack = $1 AND NOT ref = ANY($2::text[])

-- name: get_for_update
SELECT id, ref, pack_ref, label, description, action_ref, limits, enabled FROM attune.policy WHERE ref = $1 FOR UPDATE

-- name: lines
SELECT p.kind, p.bucket, count(*) FILTER (WHERE p.state = 'held') AS running,
       count(*) FILTER (WHERE p.state = 'waiting') AS waiting,
       min(p.execution) FILTER (WHERE p.state = 'waiting') AS next
FROM attune.policy_place p JOIN attune.execution e ON e.id = p.execution
WHERE p.policy = $1 AND p.state <> 'later'
  AND e.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
  AND (p.state = 'waiting' OR e.status <> 'waiting' OR e.token IS NOT NULL)
GROUP BY p.kind, p.bucket ORDER BY waiting DESC, running DESC, p.kind, p.bucket LIMIT $2

-- name: waits_for
SELECT p.execution, l.ref AS policy, p.kind, p.bucket, p.due_at,
       (SELECT count(*) + 1 FROM (
          SELECT 1 FROM attune.policy_place b
          WHERE b.policy = p.policy AND b.kind = p.kind AND b.bucket = p.bucket AND b.state = 'waiting'
            AND b.execution < p.execution AND p.kind <> 'retry' LIMIT 10000) AS before) AS position
FROM attune.policy_place p JOIN attune.policy l ON l.id = p.policy
WHERE p.execution = ANY($1::bigint[]) AND p.state = 'waiting'
