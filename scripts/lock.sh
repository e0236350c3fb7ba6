#!/bin/sh
# Writes requirements/base.txt (to run) and requirements/dev.txt (to test): exact versions with hashes, for
# Python 3.11 and later, without any index address. Usage: scripts/lock.sh UV [--upgrade]
set -eu
cd "$(dirname "$0")/.."
uv=$1
shift
compile() {
  output=$1
  shift
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-emit-index-url --no-emit-find-links --output-file "$output" "$@" pyproject.toml requirements/build.in
}
compile requirements/base.txt "$@"
compile requirements/dev.txt --extra dev --constraint requirements/base.txt "$@"
