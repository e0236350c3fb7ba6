-- name: take
SELECT k.id, k.spec, k.anchor, k.done, t.ref AS trigger_ref, r.ref AS rule_ref,
       t.enabled AND tp.enabled AND COALESCE(r.enabled, true) AND COALESCE(rp.enabled, true) AS enabled
FROM attune.trigger_timer k
JOIN attune.trigger t ON t.id = k.trigger JOIN attune.pack tp ON tp.id = t.pack
LEFT JOIN attune.rule r ON r.id = k.rule LEFT JOIN attune.pack rp ON rp.id = r.pack
WHERE k.due_at <= now() ORDER BY k.due_at LIMIT $1 FOR NO KEY UPDATE OF k SKIP LOCKED

-- name: next_due
SELECT extract(epoch FROM min(due_at) - now())::float8 FROM attune.trigger_timer WHERE due_at IS NOT NULL

-- name: put_back
UPDATE attune.trigger_timer k SET done = n.done, due_at = n.due_at, problem = n.problem
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::text[]) AS n(id, done, due_at, problem)
WHERE k.id = n.id

-- name: of_trigger
SELECT k.id, r.ref AS rule, k.spec, k.done, k.due_at, k.problem
FROM attune.trigger_timer k JOIN attune.trigger t ON t.id = k.trigger LEFT JOIN attune.rule r ON r.id = k.rule
WHERE t.ref = $1 ORDER BY r.ref NULLS FIRST LIMIT $2
