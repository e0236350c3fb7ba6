-- name: identify
SELECT t.id AS token, t.hash, i.id, i.login, i.kind, i.role, t.role AS most, t.scopes,
       (SELECT jsonb_object_agg(g.pack_ref, g.role) FROM attune.pack_grant g WHERE g.identity = i.id) AS grants
FROM attune.token t JOIN attune.identity i ON i.id = t.identity
WHERE t.id = ANY($1::text[]) AND t.revoked IS NULL AND i.enabled AND (t.expires IS NULL OR t.expires > now())
  AND t.kind <> 'ticket'
  AND (t.parent IS NULL OR EXISTS (
       SELECT 1 FROM attune.token p
       WHERE p.id = t.parent AND p.revoked IS NULL AND (p.expires IS NULL OR p.expires > now())));

-- name: identify_execution
SELECT e.id AS execution, sha256(convert_to(e.token, 'UTF8')) AS hash, i.id, i.login, i.role, NULL AS most, NULL AS scopes,
       (SELECT jsonb_object_agg(g.pack_ref, g.role) FROM attune.pack_grant g WHERE g.identity = i.id) AS grants
FROM attune.execution e LEFT JOIN attune.identity i ON i.id = e.identity
WHERE e.id = ANY($1::bigint[]) AND e.token IS NOT NULL AND e.status IN ('scheduled', 'running', 'canceling')
  AND COALESCE(i.enabled, e.identity IS NULL);

-- name: insert
INSERT INTO attune.token (id, identity, hash, label, expires, kind, role, scopes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING id, created;

-- name: insert_ticket
INSERT INTO attune.token (id, identity, hash, label, kind, role, scopes, parent, expires)
SELECT $1, t.identity, $2, 'stream', 'ticket', t.role, ARRAY['read'], COALESCE(t.parent, t.id),
       now() + make_interval(secs => $4)
FROM attune.token t WHERE t.id = $3
RETURNING expires;

-- name: take_ticket
UPDATE attune.token SET kind = 'stream', hash = $3, expires = now() + make_interval(secs => $4)
WHERE id = $1 AND hash = $2 AND kind = 'ticket' AND revoked IS NULL AND expires > now();

-- name: ensure
INSERT INTO attune.token (id, identity, hash, label) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE
SET identity = excluded.identity, hash = excluded.hash, label = excluded.label, revoked = NULL, expires = NULL;

-- name: page
SELECT t.id, i.login, i.role, t.label, t.expires, t.revoked, t.created, t.kind, t.role AS most, t.scopes
FROM attune.token t JOIN attune.identity i ON i.id = t.identity
WHERE t.kind IN ('token', 'session')
  AND ($1::text IS NULL OR t.id > $1) AND ($2::bigint IS NULL OR t.identity = $2) AND ($3::text IS NULL OR i.login = $3)
ORDER BY t.id LIMIT $4;

-- name: get
SELECT id, role, scopes FROM attune.token WHERE id = $1;

-- name: revoke
UPDATE attune.token SET revoked = COALESCE(revoked, now())
WHERE id = $1 AND ($2::bigint IS NULL OR identity = $2);

-- name: revoke_sessions
UPDATE attune.token SET revoked = now()
WHERE identity = $1 AND kind = 'session' AND revoked IS NULL AND id IS DISTINCT FROM $2;

-- name: sweep_sessions
DELETE FROM attune.token WHERE id IN (
  SELECT id FROM attune.token
  WHERE kind <> 'token' AND (expires < now() - interval '1 day' OR revoked < now() - interval '1 day') LIMIT $1
);
