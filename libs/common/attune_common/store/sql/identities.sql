-- name: ensure
INSERT INTO attune.identity (login, kind, role) VALUES ($1, $2, $3)
ON CONFLICT (login) DO UPDATE SET login = excluded.login
RETURNING id, login, role;

-- name: set_role
UPDATE attune.identity SET role = $2, enabled = true, updated = now() WHERE id = $1;

-- name: insert
INSERT INTO attune.identity (login, kind, role, label, password) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (login) DO NOTHING
RETURNING id;

-- name: update
UPDATE attune.identity SET role = $2, label = $3, enabled = $4, updated = now() WHERE id = $1;

-- name: set_password
UPDATE attune.identity SET password = $2, updated = now() WHERE id = $1;

-- name: get
SELECT i.id, i.login, i.kind, i.role, i.label, i.enabled, i.password IS NOT NULL AS has_password, i.linked,
       i.created, i.updated,
       (SELECT jsonb_object_agg(g.pack_ref, g.role) FROM attune.pack_grant g WHERE g.identity = i.id) AS grants
FROM attune.identity i WHERE i.login = $1;

-- name: lock
SELECT id, login, kind, role, label, enabled, password FROM attune.identity WHERE login = $1 FOR UPDATE;

-- name: lock_admins
SELECT id FROM attune.identity WHERE role = 'admin' AND enabled ORDER BY id FOR UPDATE;

-- name: page
SELECT i.id, i.login, i.kind, i.role, i.label, i.enabled, i.password IS NOT NULL AS has_password, i.linked,
       i.created, i.updated,
       (SELECT jsonb_object_agg(g.pack_ref, g.role) FROM attune.pack_grant g WHERE g.identity = i.id) AS grants
FROM attune.identity i
WHERE ($1::text IS NULL OR i.login > $1) AND ($2::text IS NULL OR i.kind = $2) AND ($3::text IS NULL OR i.role = $3)
ORDER BY i.login LIMIT $4;

-- name: owned_rules
SELECT ref FROM attune.rule WHERE owner = $1 ORDER BY ref LIMIT 20;

-- name: delete
DELETE FROM attune.identity WHERE id = $1;

-- name: delete_keys
WITH own AS (DELETE FROM attune.kv WHERE starts_with(key, $1)) DELETE FROM attune.secret WHERE starts_with(key, $1);

-- name: credentials
SELECT id, login, role, kind, enabled, password FROM attune.identity WHERE login = $1;

-- name: lock_login
SELECT pg_advisory_xact_lock(hashtextextended('attune.login:' || $1, 0));

-- name: failures
SELECT count(*) AS failures, COALESCE(EXTRACT(epoch FROM min(time) + interval '1 minute' - clock_timestamp()), 0) AS wait
FROM attune.login_failure WHERE login = $1 AND time > clock_timestamp() - interval '1 minute';

-- name: add_failure
INSERT INTO attune.login_failure (login) VALUES ($1) RETURNING id;

-- name: delete_failure
DELETE FROM attune.login_failure WHERE id = $1;

-- name: sweep_failures
DELETE FROM attune.login_failure WHERE id IN (
  SELECT id FROM attune.login_failure WHERE time < clock_timestamp() - interval '2 minutes' ORDER BY time LIMIT $1
);

-- name: by_subject
SELECT id, login, role, label, enabled, linked FROM attune.identity WHERE subject = $1 FOR UPDATE;

-- name: link
UPDATE attune.identity SET subject = $2, linked = true, updated = now()
WHERE id = $1 AND (subject IS NULL OR linked)
  AND NOT EXISTS (SELECT 1 FROM attune.identity other WHERE other.subject = $2 AND other.id <> $1);

-- name: unlink
UPDATE attune.identity SET subject = NULL, linked = false, updated = now() WHERE id = $1 AND linked;

-- name: insert_subject
INSERT INTO attune.identity (login, kind, role, label, subject) VALUES ($1, 'user', $2, $3, $4)
ON CONFLICT DO NOTHING;
