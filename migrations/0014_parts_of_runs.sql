-- Parts of a run are written by whoever holds the run's lock: that it exists need not be asked for each row of the
-- journal and each task, twice per task of a workflow. They still go with their run.
ALTER TABLE attune.journal DROP CONSTRAINT journal_workflow_run_fkey;
ALTER TABLE attune.workflow_task DROP CONSTRAINT workflow_task_workflow_run_fkey;

CREATE FUNCTION attune.forget_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM attune.journal WHERE workflow_run = OLD.id;
  DELETE FROM attune.workflow_task WHERE workflow_run = OLD.id;
  RETURN NULL;
END $$;
CREATE TRIGGER workflow_run_parts AFTER DELETE ON attune.workflow_run FOR EACH ROW
  EXECUTE FUNCTION attune.forget_parts();

-- `updated` changes with each decision; an index on it made each update of a run write to all of its indexes. Whether
-- a run stands still is asked with a grain of ten seconds.
ALTER TABLE attune.workflow_run ADD COLUMN moved TIMESTAMPTZ NOT NULL DEFAULT now();
DROP INDEX attune.idx_workflow_run_live;
CREATE INDEX idx_workflow_run_live ON attune.workflow_run(moved)
  WHERE status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped');
