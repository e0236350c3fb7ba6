-- Questions to people. The API writes the answer here and nothing else; an executor takes it to the execution and
-- says so with `told`. `token` is that of the attempt that asks: an answer to an earlier one changes nothing.

ALTER TABLE attune.inquiry
  ADD COLUMN token TEXT,
  ADD COLUMN told BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN closed TIMESTAMPTZ;
CREATE INDEX idx_inquiry_status ON attune.inquiry(status, id);
CREATE INDEX idx_inquiry_execution ON attune.inquiry(execution);
CREATE INDEX idx_inquiry_untold ON attune.inquiry(updated) WHERE status = 'responded' AND NOT told;
