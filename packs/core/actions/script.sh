#!/bin/sh
script="$TMPDIR/script"
printf '%s' "$ATTUNE_PARAM_SCRIPT" > "$script" && chmod 700 "$script" || exit 1
if [ -n "${ATTUNE_PARAM_CWD:-}" ]; then
  cd -- "$ATTUNE_PARAM_CWD" || exit 1
fi
if [ -n "${ATTUNE_PARAM_INTERPRETER:-}" ]; then
  set -f
  # more than one word is a program with its arguments
  exec $ATTUNE_PARAM_INTERPRETER "$script"
fi
case "$ATTUNE_PARAM_SCRIPT" in
  '#!'*) exec "$script" ;;
  *) exec /bin/sh "$script" ;;
esac
