-- What PostgreSQL's ANALYZE learns of a column helps only where questions ask for its values. Of payloads, states and
-- bodies nobody does, and to sort JSON for it took a fourth of all that PostgreSQL spends while tables grow. Of the
-- tables that grow with every task fewer rows are looked at (300 for each step of the target, which is 100 elsewhere).
DO $$
DECLARE
  table_name TEXT;
  columns TEXT;
  column_name TEXT;
BEGIN
  FOR table_name, columns IN VALUES
    ('execution', 'parameters result error secrets request_digest claim timeout'),
    ('execution_attempt', 'error'),
    ('execution_log', 'line'),
    ('workflow_run', 'state variables error_message'),
    ('workflow_task', 'state'),
    ('workflow_items', 'items'),
    ('journal', 'signal commands facts'),
    ('event', 'payload source secrets'),
    ('outbox', 'body'),
    ('timer', 'target'),
    ('run_request', 'detail'),
    ('audit', 'detail request_id address previous hash'),
    ('idempotency', 'request headers body')
  LOOP
    FOREACH column_name IN ARRAY string_to_array(columns, ' ') LOOP
      EXECUTE format('ALTER TABLE attune.%I ALTER COLUMN %I SET STATISTICS 0', table_name, column_name);
    END LOOP;
  END LOOP;
  FOR table_name, column_name IN
    SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'attune'::regnamespace AND c.relname IN ('execution', 'workflow_run', 'workflow_task', 'journal')
      AND a.attnum > 0 AND NOT a.attisdropped AND COALESCE(a.attstattarget, -1) < 0
  LOOP
    EXECUTE format('ALTER TABLE attune.%I ALTER COLUMN %I SET STATISTICS 25', table_name, column_name);
  END LOOP;
END $$;
