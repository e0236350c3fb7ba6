-- Dead letters and incidents are worked on by operators: who closed which, how, and what waits for an incident's end.

ALTER TABLE attune.incident
  ADD COLUMN seen TIMESTAMPTZ NOT NULL DEFAULT now(),
  ADD COLUMN resolution TEXT CHECK (resolution IN ('continued', 'cancelled')),
  ADD COLUMN resolved_by BIGINT REFERENCES attune.identity (id) ON DELETE SET NULL,
  ADD COLUMN note TEXT NOT NULL DEFAULT '',
  ADD COLUMN workflow_run BIGINT GENERATED ALWAYS AS
    (CASE WHEN subject ~ '^run:\d{1,18}$' THEN substr(subject, 5)::bigint END) STORED,
  ADD COLUMN execution BIGINT GENERATED ALWAYS AS
    (CASE WHEN subject ~ '^execution:\d{1,18}$' THEN substr(subject, 11)::bigint END) STORED,
  ADD COLUMN event BIGINT GENERATED ALWAYS AS
    (CASE WHEN subject ~ '^event:\d{1,18}$' THEN substr(subject, 7)::bigint END) STORED;

CREATE INDEX incident_open ON attune.incident (id) WHERE resolved IS NULL;
CREATE INDEX incident_run ON attune.incident (workflow_run) WHERE resolved IS NULL;

ALTER TABLE attune.dead_letter
  ADD COLUMN incident BIGINT REFERENCES attune.incident (id) ON DELETE SET NULL,
  ADD COLUMN closed TIMESTAMPTZ,
  ADD COLUMN closed_by BIGINT REFERENCES attune.identity (id) ON DELETE SET NULL;

CREATE INDEX dead_letter_new ON attune.dead_letter (id) WHERE status = 'new';
CREATE INDEX dead_letter_incident ON attune.dead_letter (incident) WHERE status = 'new' AND incident IS NOT NULL;
