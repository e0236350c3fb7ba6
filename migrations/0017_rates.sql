-- How often a rule may start its action, and what counts against that: one row for each rule or webhook with a limit.

ALTER TABLE attune.rule ADD COLUMN rate_limit JSONB;

CREATE TABLE attune.rate_use (
  key TEXT PRIMARY KEY,
  times FLOAT8[] NOT NULL DEFAULT '{}' -- seconds since 1970
) WITH (fillfactor = 50);
