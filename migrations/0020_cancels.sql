-- Sweeps look each second for cancels that nobody has answered: few rows, found without reading those that wait.
CREATE INDEX idx_execution_cancel ON attune.execution(updated)
  WHERE cancel_requested AND token IS NOT NULL
    AND status IN ('scheduling', 'scheduled', 'running', 'waiting', 'canceling');
