-- The queue of an executor's own that the broker drops with its connection: while it is there, the connection may hold
-- reports. Empty: of a version that does not say.
ALTER TABLE attune.executor ADD COLUMN ear TEXT NOT NULL DEFAULT '';
