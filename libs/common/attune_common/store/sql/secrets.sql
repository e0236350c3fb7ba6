-- name: put
INSERT INTO attune.secret AS kept (key, description, readers, master_key, wrapped, sealed)
VALUES ($1, COALESCE($2, ''), COALESCE($3::text[], '{}'), $4, $5, $6)
ON CONFLICT (key) DO UPDATE SET
  description = COALESCE($2, kept.description), readers = COALESCE($3::text[], kept.readers),
  master_key = excluded.master_key, wrapped = excluded.wrapped, sealed = excluded.sealed,
  version = nextval('attune.kv_version'), updated = now()
RETURNING key, description, readers, version, created, updated, master_key, (xmax = 0) AS made;

-- name: describe
UPDATE attune.secret
SET description = COALESCE($2, description), readers = COALESCE($3::text[], readers), updated = now()
WHERE key = $1
RETURNING key, description, readers, version, created, updated, master_key;

-- name: insert
INSERT INTO attune.secret (key, master_key, wrapped, sealed, execution, pack, event)
SELECT n.key, n.master_key, n.wrapped, n.sealed, n.execution, n.pack, n.event
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bigint[], $7::bigint[])
  AS n(key, master_key, wrapped, sealed, execution, pack, event)
ON CONFLICT (key) DO UPDATE SET
  master_key = excluded.master_key, wrapped = excluded.wrapped, sealed = excluded.sealed,
  version = nextval('attune.kv_version'), updated = now();

-- name: get
SELECT key, description, readers, version, created, updated, master_key FROM attune.secret WHERE key = $1;

-- name: lock
SELECT version FROM attune.secret WHERE key = $1 FOR UPDATE;

-- name: readers
SELECT key, readers FROM attune.secret WHERE key = ANY($1::text[]);

-- name: sealed
SELECT key, master_key, wrapped, sealed FROM attune.secret WHERE key = ANY($1::text[]);

-- name: page
SELECT key, description, readers, version, created, updated, master_key FROM attune.secret
WHERE execution IS NULL AND pack IS NULL AND event IS NULL
  AND ($1::text IS NULL OR key > $1) AND ($2::text IS NULL OR starts_with(key, $2))
  AND ($3::text[] IS NULL OR EXISTS (SELECT 1 FROM unnest($3::text[]) AS p WHERE starts_with(key, p)))
ORDER BY key LIMIT $4;

-- name: delete
DELETE FROM attune.secret WHERE key = $1;

-- name: delete_other_config
DELETE FROM attune.secret WHERE pack = $1 AND NOT key = ANY($2::text[]);

-- name: under_others
SELECT key, master_key, wrapped, sealed FROM attune.secret
WHERE master_key <> $1 AND key > $2 ORDER BY key LIMIT $3 FOR UPDATE;

-- name: rewrap
UPDATE attune.secret s SET master_key = n.master_key, wrapped = n.wrapped
FROM unnest($1::text[], $2::text[], $3::bytea[]) AS n(key, master_key, wrapped)
WHERE s.key = n.key;

-- name: by_master_key
SELECT master_key, count(*) AS secrets FROM attune.secret GROUP BY master_key ORDER BY master_key;
