#!/bin/sh
# backup.sh FOLDER: the database of ATTUNE_DATABASE_URL as one file, and the master keys beside it when there is a file
# of them. A backup while everything runs is consistent: it is of one moment. Keep the two apart: keys open the secrets.
set -eu
umask 077
folder=${1:?where to?}
mkdir -p "$folder"
name=$folder/attune-$(date -u +%Y%m%dT%H%M%SZ)
pg_dump --format=custom --no-owner --no-privileges --file="$name.dump.part" "${ATTUNE_DATABASE_URL:?}"
pg_restore --list "$name.dump.part" >/dev/null
mv "$name.dump.part" "$name.dump"
if [ -n "${ATTUNE_MASTER_KEY_FILE:-}" ]; then cp "$ATTUNE_MASTER_KEY_FILE" "$name.keys"; fi
echo "$name.dump"
