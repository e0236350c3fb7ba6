-- name: page
SELECT name, pools, running, started, seen, EXTRACT(EPOCH FROM now() - seen)::double precision AS silent
FROM attune.worker
WHERE ($1::text IS NULL OR name > $1) AND ($2::text IS NULL OR $2 = ANY(pools))
ORDER BY name LIMIT $3;

-- name: executors
SELECT name, seen, EXTRACT(EPOCH FROM now() - seen)::double precision AS silent FROM attune.executor ORDER BY name;

-- name: sweep
DELETE FROM attune.worker WHERE name IN (
  SELECT name FROM attune.worker WHERE seen < now() - interval '1 day' LIMIT $1
);
