-- name: of
SELECT i.id, i.login, i.role, i.enabled,
       (SELECT jsonb_object_agg(g.pack_ref, g.role) FROM attune.pack_grant g WHERE g.identity = i.id) AS grants
FROM attune.identity i WHERE i.id = ANY($1::bigint[]);

-- name: put_grant
INSERT INTO attune.pack_grant (identity, pack_ref, role) VALUES ($1, $2, $3)
ON CONFLICT (identity, pack_ref) DO UPDATE SET role = excluded.role
RETURNING pack_ref, role, created, (xmax = 0) AS made;

-- name: delete_grant
DELETE FROM attune.pack_grant WHERE identity = $1 AND pack_ref = $2;

-- name: grants
SELECT pack_ref, role, created FROM attune.pack_grant WHERE identity = $1 ORDER BY pack_ref;
