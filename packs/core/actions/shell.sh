#!/bin/sh
if [ -n "${ATTUNE_PARAM_CWD:-}" ]; then
  cd -- "$ATTUNE_PARAM_CWD" || exit 1
fi
exec /bin/sh -c "$ATTUNE_PARAM_COMMAND"
