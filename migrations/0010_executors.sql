-- Executors that take reports. One that is frozen, or cut off from the broker, may hold some that nobody sees: until
-- it is back or certainly gone, no silence of a worker means anything.
CREATE TABLE attune.executor (
  name TEXT PRIMARY KEY,
  clear BOOLEAN NOT NULL,
  seen TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);
