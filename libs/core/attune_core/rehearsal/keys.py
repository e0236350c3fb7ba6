"""Every key of a rehearsal's script and of a test case: what the parser and the JSON Schema are made from."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from attune_core.model.keys import ANYTHING, MAP, TEXT, Key, Keys, choice, either, matching, number, part
from attune_core.model.names import REF
from attune_core.model.status import ExecutionStatus, OutcomeStatus


class Subworkflows(StrEnum):
    """`SCRIPTED`: a task that runs a workflow is answered like any other. `RUN`: the workflow is rehearsed too."""

    SCRIPTED = "scripted"
    RUN = "run"


class Control(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


KINDS: Final = {
    "succeed": OutcomeStatus.SUCCEEDED,
    "fail": OutcomeStatus.FAILED,
    "time_out": OutcomeStatus.TIMED_OUT,
}
ENDINGS: Final = (
    ExecutionStatus.COMPLETED,
    ExecutionStatus.FAILED,
    ExecutionStatus.TIMEOUT,
    ExecutionStatus.CANCELLED,
    ExecutionStatus.PAUSED,
    ExecutionStatus.WAITING,
)
LONGEST: Final = 100 * 366 * 86_400.0
"""Virtual seconds."""

_SECONDS: Final = number(0, LONGEST)
_ANSWER: Final = either(choice(KINDS), part("answer"))

SCRIPT: Final[Keys] = {
    "parameters": Key(MAP, "What the run is started with; the workflow's defaults fill the rest."),
    "pack_config": Key(MAP, "The pack's configuration; its defaults fill the rest."),
    "kv": Key(MAP, "What is in the datastore: key and value."),
    "outcomes": Key(part("outcomes"), "What the actions answer: by task, `task[3]` for one item."),
    "default": Key(_ANSWER, "The answer of every task that `outcomes` does not name."),
    "subworkflows": Key(
        choice(Subworkflows), "`scripted` (default): answered like any action. `run`: rehearsed too, as `task.inner`."
    ),
    "signals": Key(
        {"type": "array", "items": part("signal")}, "What is done to the run, and when: `- pause: 10` (seconds)."
    ),
    "expect": Key(part("expect"), "What must have happened."),
}
CASE: Final[Keys] = {
    "name": Key(TEXT, "What the case shows."),
    "description": Key(TEXT, "More about it."),
    "workflow": Key(matching(REF), "The workflow of the pack that is rehearsed."),
    **SCRIPT,
}
ANSWER: Final[Keys] = {
    "succeed": Key(ANYTHING, "The attempt succeeds with this result."),
    "fail": Key(either(TEXT, MAP), "The attempt fails with this error: a message, or `{type, message, ...}`."),
    "time_out": Key(either(TEXT, MAP), "The attempt times out."),
    "after": Key(_SECONDS, "How long it takes, in virtual seconds."),
}
SIGNAL: Final[Keys] = {
    "pause": Key(_SECONDS, "Pause the run after so many seconds."),
    "resume": Key(_SECONDS, "Let it go on."),
    "cancel": Key(_SECONDS, "Cancel it."),
}
EXPECT: Final[Keys] = {
    "status": Key(choice(ENDINGS), "How the run ended; `paused` or `waiting` when it did not."),
    "output": Key(ANYTHING, "What `output_map` gave; of a map only the named keys are compared."),
    "error": Key(either(MAP, {"type": "null"}), "The error; only the named keys are compared."),
    "path": Key({"type": "array", "items": TEXT}, "The tasks that ended, in order; `task/2` for a second pass."),
    "vars": Key(MAP, "Variables at the end; only the named ones are compared."),
    "tasks": Key(MAP, "How tasks ended: succeeded, failed, timed_out, cancelled, skipped; `pending` when never run."),
    "attempts": Key(MAP, "How often the actions of tasks were run."),
    "input": Key(MAP, "What the actions of tasks were given; of a map only the named keys are compared."),
    "duration": Key(_SECONDS, "Virtual seconds from the start to the end."),
}
PARTS: Final[dict[str, Keys]] = {"answer": ANSWER, "signal": SIGNAL, "expect": EXPECT}
