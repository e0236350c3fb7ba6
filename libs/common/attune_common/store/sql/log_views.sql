-- name: lines
SELECT t.id AS execution, e.task_name, e.task_index, l.attempt, l.seq, l.stream, l.time, l.line
FROM (
  WITH RECURSIVE tree AS (
    SELECT $1::bigint AS id
    UNION ALL
    SELECT e.id FROM tree t
    JOIN attune.workflow_run r ON r.execution = t.id
    JOIN attune.execution e ON e.workflow_run = r.id
    WHERE $2::boolean
  )
  SELECT id FROM tree WHERE id >= $3::bigint ORDER BY id
) AS t
JOIN attune.execution e ON e.id = t.id,
LATERAL (
  SELECT l.attempt, l.seq, l.stream, l.time, l.line FROM attune.execution_log l
  WHERE l.execution = t.id AND (t.id > $3 OR (l.attempt, l.seq) > ($4::integer, $5::integer))
    AND ($6::integer IS NULL OR l.attempt = $6) AND ($7::text IS NULL OR l.stream = $7)
  ORDER BY l.attempt, l.seq LIMIT $8
) AS l
ORDER BY t.id, l.attempt, l.seq LIMIT $8;

-- name: tail
SELECT e.id AS execution, e.task_name, e.task_index, l.attempt, l.seq, l.stream, l.time, l.line
FROM (
  WITH RECURSIVE tree AS (
    SELECT $1::bigint AS id
    UNION ALL
    SELECT e.id FROM tree t
    JOIN attune.workflow_run r ON r.execution = t.id
    JOIN attune.execution e ON e.workflow_run = r.id
    WHERE $2::boolean
  )
  SELECT id FROM tree
) AS t
JOIN attune.execution e ON e.id = t.id,
LATERAL (
  SELECT l.attempt, l.seq, l.stream, l.time, l.line FROM attune.execution_log l
  WHERE l.execution = t.id AND ($3::integer IS NULL OR l.attempt = $3) AND ($4::text IS NULL OR l.stream = $4)
  ORDER BY l.attempt DESC, l.seq DESC LIMIT $5
) AS l
ORDER BY l.time DESC, e.id DESC, l.attempt DESC, l.seq DESC LIMIT $5;

-- name: ends
WITH RECURSIVE tree AS (
  SELECT $1::bigint AS id
  UNION ALL
  SELECT e.id FROM tree t
  JOIN attune.workflow_run r ON r.execution = t.id
  JOIN attune.execution e ON e.workflow_run = r.id
)
SELECT e.id AS execution, a.attempt, l.seq
FROM tree t
JOIN attune.execution e ON e.id = t.id,
LATERAL generate_series(1, e.attempt) AS a(attempt),
LATERAL (
  SELECT l.seq FROM attune.execution_log l
  WHERE l.execution = e.id AND l.attempt = a.attempt ORDER BY l.seq DESC LIMIT 1
) AS l
WHERE (e.id, a.attempt) > ($2::bigint, $3::integer)
ORDER BY e.id, a.attempt LIMIT $4;
