-- Old executions, and as many tasks and lines of journals. Ids below zero are older than all others and nobody else's.
-- $1 to $2: numbers of executions, a workflow's and those of its nine tasks in turn; $3: how many there will be.
INSERT INTO attune.execution (
  id, action_ref, status, workflow_run, task_name, iteration, is_workflow, parent, root, parameters, result, trace_id,
  created, updated, started_at, completed_at
) OVERRIDING SYSTEM VALUE
SELECT n - $3, 'core.noop', 'completed'::attune.execution_status_enum, n / 10 - $3 / 10 - 1, 't' || n % 10, 1, false,
  n - n % 10 - $3, n - n % 10 - $3, json_build_object('n', n, 'host', 'web-' || n % 1000), '{"ok": true}'::json,
  lpad(to_hex(n / 10), 32, '0'), t, t, t, t
FROM generate_series($1::bigint, $2::bigint) n, LATERAL (SELECT now() - n * interval '1 second') s(t)
WHERE n % 10 > 0
UNION ALL
SELECT n - $3, 'bench.sequence', 'completed', NULL, NULL, NULL, true, NULL, NULL,
  json_build_object('name', 'flow ' || n), '{"n": 10}', lpad(to_hex(n / 10), 32, '0'), t, t, t, t
FROM generate_series($1::bigint, $2::bigint) n, LATERAL (SELECT now() - n * interval '1 second') s(t)
WHERE n % 10 = 0;

INSERT INTO attune.workflow_run (
  id, execution, workflow_ref, version, pack_ref, status, revision, state, variables, completed_at
) OVERRIDING SYSTEM VALUE
SELECT n / 10 - $3 / 10 - 1, n - $3, 'bench.sequence', (SELECT min(digest) FROM attune.workflow_version), 'bench',
  'completed', 10, '{"live": 0}', '{"n": 10}', now() - interval '1 day'
FROM generate_series($1::bigint, $2::bigint, 10) n;

INSERT INTO attune.workflow_task (workflow_run, task_name, status, state)
SELECT n / 10 - $3 / 10 - 1, 't' || n % 10, 'completed', '{"last": {"iteration": 1, "status": "succeeded"}}'
FROM generate_series($1::bigint, $2::bigint) n;

INSERT INTO attune.journal (workflow_run, revision, time, signal, commands, facts)
SELECT n / 10 - $3 / 10 - 1, n % 10, now(), '{"type": "TaskFinished", "task": "t1"}', '[{"type": "RunAction"}]', '{}'
FROM generate_series($1::bigint, $2::bigint) n
