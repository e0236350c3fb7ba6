-- name: ensure
INSERT INTO attune.identity (login, kind, role) VALUES ($1, $2, $3)
ON CONFLICT (login) DO UPDATE SET login = excluded.login
RETURNING id, login, role;

-- name: set_role
UPDATE attune.identity SET role = $2, enabled = true WHERE id = $1;
