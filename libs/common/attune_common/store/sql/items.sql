-- name: insert
INSERT INTO attune.workflow_items (workflow_run, task_name, iteration, first_index, items)
SELECT n.run, n.task, n.iteration, n.first, n.items
FROM unnest($1::bigint[], $2::text[], $3::int[], $4::int[], $5::json[]) AS n(run, task, iteration, first, items)

-- name: fetch
SELECT i.workflow_run, i.task_name, i.iteration, i.first_index, i.items
FROM unnest($1::bigint[], $2::text[], $3::int[], $4::int[]) AS n(run, task, iteration, first)
JOIN attune.workflow_items i ON i.workflow_run = n.run AND i.task_name = n.task AND i.iteration = n.iteration
                             AND i.first_index = n.first
