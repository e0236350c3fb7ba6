#!/bin/sh
# Makes the environment .venv. Usage: scripts/setup.sh base|dev
#
# base: what Attune needs to run; dev: also what its tests need. Exact versions with hashes, by uv when it can be
# had (about five times faster), else by pip. Settings: ATTUNE_PYTHON names the Python to use (3.11 or newer),
# ATTUNE_NO_UV=1 forces pip.
set -eu
cd "$(dirname "$0")/.."
group=${1:-dev}
environment=.venv
inside=$environment/bin/python

fail() {
  printf 'setup: %s\n' "$1" >&2
  exit 1
}

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
makes_environments() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Interpreters that were compiled without profiles (pyenv does so) take a tenth more time for everything. Those of
# distributions have theirs, whatever their configuration says.
is_optimized() {
  "$1" -c 'import sys, sysconfig
told = sysconfig.get_config_var("CONFIG_ARGS") or ""
sys.exit(sys.base_prefix != "/usr" and "--enable-optimizations" not in told)' >/dev/null 2>&1
}

# Every Python on the path, the newest first, then by the path's order.
pythons() {
  for name in ${ATTUNE_PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 python}; do
    case $name in */*) echo "$name" ;; esac
    (IFS=:; for folder in $PATH; do [ ! -x "$folder/$name" ] || echo "$folder/$name"; done)
  done
}

# The first Python that suits; preferably one that is optimized and can make an environment with pip by itself.
find_python() {
  able= fallback=
  for python in $(pythons); do
    suits "$python" || continue
    fallback=${fallback:-$python}
    makes_environments "$python" || continue
    if is_optimized "$python"; then
      echo "$python"
      return
    fi
    able=${able:-$python}
  done
  echo "${able:-$fallback}"
}

make_environment() {
  python=$(find_python)
  [ -n "$python" ] || fail "no Python 3.11 or newer found; install one or set ATTUNE_PYTHON to its path"
  echo "setup: making $environment with $("$python" --version)"
  if makes_environments "$python"; then
    "$python" -m venv --clear "$environment"
  elif command -v uv >/dev/null 2>&1; then
    uv venv --quiet --clear --seed --python "$python" "$environment"
  elif "$python" -m virtualenv --version >/dev/null 2>&1; then
    "$python" -m virtualenv --quiet --clear "$environment"
  else
    fail "$python cannot make environments; install its venv package (Debian: apt-get install python3-venv) or uv"
  fi
}

# uv inside the environment, or one that is installed already; nothing when there is none to be had.
find_uv() {
  [ -z "${ATTUNE_NO_UV:-}" ] || return 0
  if [ ! -x "$environment/bin/uv" ] && ! command -v uv >/dev/null 2>&1; then
    "$inside" -m pip install --quiet --disable-pip-version-check --only-binary :all: uv >/dev/null 2>&1 || return 0
  fi
  if [ -x "$environment/bin/uv" ]; then echo "$environment/bin/uv"; else command -v uv || true; fi
}

with_uv() {
  "$1" pip install --quiet --python "$inside" --require-hashes -r "requirements/$group.txt" &&
    "$1" pip install --quiet --python "$inside" --no-deps --no-build-isolation --editable .
}

with_pip() {
  "$inside" -m pip install --quiet --disable-pip-version-check --require-hashes -r "requirements/$group.txt" &&
    "$inside" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
}

if [ -d "$environment" ] && [ ! -f "$environment/pyvenv.cfg" ]; then
  fail "$environment is no Python environment; move it away"
fi
suits "$inside" || make_environment
uv=$(find_uv)
echo "setup: installing requirements/$group.txt with $([ -n "$uv" ] && echo uv || echo pip)"
if [ -n "$uv" ] && with_uv "$uv"; then
  :
else
  [ -z "$uv" ] || echo "setup: uv did not manage, trying pip"
  with_pip || fail "the packages cannot be installed; is a package index reachable (pip config list)?"
fi
# Compiled now, for every start: uv leaves it to the first import, and PYTHONDONTWRITEBYTECODE would to each one.
"$inside" -m compileall -q -j 0 "$environment"/lib/python3*/site-packages libs services >/dev/null 2>&1 || true
touch "$environment/.attune-base"
[ "$group" != dev ] || touch "$environment/.attune-dev"
echo "setup: done; the command is $environment/bin/attune"
