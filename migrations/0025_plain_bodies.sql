-- A body lives for some milliseconds: to compress it as columns are by default took a sixth of the time that PostgreSQL
-- has for a batch. LZ4 takes next to none; a server that was built without it keeps bodies as they are.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
    ALTER TABLE attune.outbox ALTER COLUMN body SET COMPRESSION lz4;
  ELSE
    ALTER TABLE attune.outbox ALTER COLUMN body SET STORAGE EXTERNAL;
  END IF;
END $$;
