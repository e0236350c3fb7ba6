#!/bin/sh
# restore.sh FILE: into the database of ATTUNE_DATABASE_URL, which must exist and be empty. Stop every service before.
# All or nothing. Then `attune db migrate` brings the schema to the version that is installed.
set -eu
file=${1:?which backup?}
url=${ATTUNE_DATABASE_URL:?}
if [ "$(psql -XAtc "SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'attune'" "$url")" != 0 ]; then
  echo "the database is not empty: it has a schema attune" >&2
  exit 1
fi
pg_restore --exit-on-error --single-transaction --no-owner --no-privileges --dbname="$url" "$file"
psql -XAqc "ANALYZE" "$url"
echo "restored; now: attune db migrate"
