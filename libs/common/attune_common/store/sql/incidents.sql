-- name: open
INSERT INTO attune.incident (kind, subject, detail) VALUES ($1, $2, $3)
ON CONFLICT (kind, subject, resolved) DO UPDATE SET seen = now()
RETURNING id, seen = created AS opened

-- name: page
SELECT i.id, i.kind, i.subject, i.workflow_run, i.execution, i.event, i.detail ->> 'error' AS error, i.created, i.seen,
       i.resolved, i.resolution, p.login AS resolved_by, i.note,
       (SELECT count(*) FROM attune.dead_letter d WHERE d.incident = i.id AND d.status = 'new') AS kept
FROM attune.incident i
LEFT JOIN attune.identity p ON p.id = i.resolved_by
LEFT JOIN attune.workflow_run w ON w.id = i.workflow_run
LEFT JOIN attune.execution e ON e.id = COALESCE(w.execution, i.execution)
LEFT JOIN attune.execution o ON o.id = e.root
LEFT JOIN attune.event v ON v.id = i.event
WHERE ($1::bigint IS NULL OR i.id < $1)
  AND ($2::bool IS NULL OR (i.resolved IS NULL) = $2)
  AND ($3::text IS NULL OR i.kind = $3)
  AND ($4::bigint IS NULL OR i.workflow_run = $4)
  AND ($5::text[] IS NULL OR e.identity = $6 OR split_part(e.action_ref, '.', 1) = ANY($5)
       OR split_part(o.action_ref, '.', 1) = ANY($5) OR split_part(v.trigger_ref, '.', 1) = ANY($5))
ORDER BY i.id DESC LIMIT $7

-- name: get
SELECT i.id, i.kind, i.subject, i.workflow_run, i.execution, i.event, i.detail ->> 'error' AS error, i.detail,
       i.created, i.seen, i.resolved, i.resolution, p.login AS resolved_by, i.note,
       (SELECT count(*) FROM attune.dead_letter d WHERE d.incident = i.id AND d.status = 'new') AS kept
FROM attune.incident i LEFT JOIN attune.identity p ON p.id = i.resolved_by
WHERE i.id = $1

-- name: lock
SELECT id, kind, subject, workflow_run, execution, resolved FROM attune.incident WHERE id = $1 FOR UPDATE

-- name: resolve
UPDATE attune.incident SET resolved = now(), resolution = $2, resolved_by = $3, note = $4 WHERE id = $1

-- name: open_count
SELECT count(*) FROM attune.incident WHERE resolved IS NULL
