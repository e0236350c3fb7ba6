-- Finding executions and events among millions: by trace, rule, trigger and trouble, newest first.
-- What is complete or live needs no index of its own: the newest are near, and live ones have idx_execution_live.

CREATE INDEX idx_execution_trace ON attune.execution(trace_id);
CREATE INDEX idx_execution_rule ON attune.execution(rule_ref, id) WHERE rule_ref IS NOT NULL;
CREATE INDEX idx_execution_root ON attune.execution(root) WHERE root IS NOT NULL AND workflow_run IS NULL;
CREATE INDEX idx_execution_troubled ON attune.execution(status, id)
  WHERE status IN ('failed', 'timeout', 'cancelled', 'abandoned', 'paused', 'pausing');
CREATE INDEX idx_workflow_run_troubled ON attune.workflow_run(status, id)
  WHERE status IN ('failed', 'timeout', 'cancelled', 'abandoned', 'paused', 'pausing');
CREATE INDEX idx_event_trigger ON attune.event(trigger_ref, id);
CREATE INDEX idx_event_trace ON attune.event(trace_id);
CREATE INDEX idx_enforcement_rule ON attune.enforcement(rule_ref, id);

-- Ids grow with time: the first id of a table that was made at a time or later, by halving, in some twenty looks.
-- Transactions overlap, so that a few rows may stand on the other side: callers ask for a moment more.
CREATE FUNCTION attune.first_id_since(wanted REGCLASS, since TIMESTAMPTZ) RETURNS BIGINT
LANGUAGE plpgsql STABLE AS $$
DECLARE
  low BIGINT; high BIGINT; middle BIGINT; found BIGINT; made TIMESTAMPTZ;
BEGIN
  EXECUTE format('SELECT COALESCE(min(id), 1), COALESCE(max(id), 0) + 1 FROM %s', wanted) INTO low, high;
  WHILE low < high LOOP
    middle := low + (high - low) / 2;
    EXECUTE format('SELECT id, created FROM %s WHERE id >= $1 ORDER BY id LIMIT 1', wanted) INTO found, made USING middle;
    IF found IS NULL OR made >= since THEN
      high := middle;
    ELSE
      low := found + 1;
    END IF;
  END LOOP;
  RETURN low;
END $$;

-- Requests that make something, by the key that their client gave: the same again gets the same answer.
CREATE TABLE attune.idempotency (
  identity BIGINT NOT NULL REFERENCES attune.identity(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  request BYTEA NOT NULL,
  status INTEGER,
  headers JSONB,
  body BYTEA,
  created TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (identity, key)
);
CREATE INDEX idx_idempotency_age ON attune.idempotency(created);
