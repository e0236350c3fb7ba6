-- name: live
SELECT s.status, (SELECT count(*) FROM (
         SELECT 1 FROM attune.execution e
         WHERE e.status = s.status
           AND e.status IN ('requested', 'scheduling', 'scheduled', 'running', 'waiting', 'canceling')
         LIMIT 100000) found) AS count
FROM unnest('{requested,scheduling,scheduled,running,waiting,canceling}'::attune.execution_status_enum[]) AS s(status);

-- name: waits
SELECT
  COALESCE(EXTRACT(EPOCH FROM now() - (SELECT min(scheduled_at) FROM attune.execution WHERE status = 'scheduled')),
           0)::double precision AS lag,
  GREATEST(0, COALESCE(EXTRACT(EPOCH FROM clock_timestamp() - (SELECT created FROM attune.outbox ORDER BY id LIMIT 1)),
           0))::double precision AS outbox_age,
  GREATEST(0, COALESCE(EXTRACT(EPOCH FROM now() - (SELECT min(due_at) FROM attune.timer WHERE NOT held)),
           0))::double precision AS timers_late,
  COALESCE(EXTRACT(EPOCH FROM now() - (SELECT created FROM attune.event WHERE NOT matched ORDER BY id LIMIT 1)),
           0)::double precision AS events_age;
