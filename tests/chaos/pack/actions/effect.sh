#!/bin/sh
# One line when it begins and one when it ends, each written at once: kind, execution, attempt, token, worker's pid, time.
token=${ATTUNE_API_TOKEN##*_}
date +"begin $ATTUNE_IDEMPOTENCY_KEY $ATTUNE_ATTEMPT $token $PPID %s.%N" >> "$EFFECTS"
[ "$ATTUNE_PARAM_SECONDS" = 0 ] || sleep "$ATTUNE_PARAM_SECONDS"
[ "$ATTUNE_ATTEMPT" -gt "$ATTUNE_PARAM_FAILS" ] || exit 3
date +"end $ATTUNE_IDEMPOTENCY_KEY $ATTUNE_ATTEMPT $token $PPID %s.%N" >> "$EFFECTS"
echo "{\"value\": $ATTUNE_PARAM_VALUE}"
