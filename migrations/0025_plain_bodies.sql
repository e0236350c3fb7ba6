-- A body lives for some milliseconds: to compress it took a tenth of the time that PostgreSQL has for a batch.
ALTER TABLE attune.outbox ALTER COLUMN body SET STORAGE EXTERNAL;
