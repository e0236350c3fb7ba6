-- name: identify
SELECT t.hash, i.id, i.login, i.role
FROM attune.token t JOIN attune.identity i ON i.id = t.identity
WHERE t.id = $1 AND t.revoked IS NULL AND i.enabled AND (t.expires IS NULL OR t.expires > now());

-- name: identify_execution
SELECT sha256(convert_to(e.token, 'UTF8')) AS hash, i.id, i.login, i.role
FROM attune.execution e LEFT JOIN attune.identity i ON i.id = e.identity
WHERE e.id = $1 AND e.token IS NOT NULL AND e.status IN ('scheduled', 'running', 'canceling')
  AND COALESCE(i.enabled, e.identity IS NULL);

-- name: insert
INSERT INTO attune.token (id, identity, hash, label, expires) VALUES ($1, $2, $3, $4, $5)
RETURNING id, created;

-- name: ensure
INSERT INTO attune.token (id, identity, hash, label) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE
SET identity = excluded.identity, hash = excluded.hash, label = excluded.label, revoked = NULL, expires = NULL;

-- name: page
SELECT t.id, i.login, i.role, t.label, t.expires, t.revoked, t.created
FROM attune.token t JOIN attune.identity i ON i.id = t.identity
WHERE ($1::text IS NULL OR t.id > $1)
ORDER BY t.id LIMIT $2;

-- name: revoke
UPDATE attune.token SET revoked = COALESCE(revoked, now()) WHERE id = $1;
