"""Every key of a workflow file and of its tasks: the tables that the parser and the JSON Schema are made from."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from attune_core.definition.graph import CancellationPolicy, DependencyType, OnUnhandledFailure
from attune_core.definition.limits import (
    MAX_BATCH,
    MAX_CONCURRENCY,
    MAX_ITERATIONS,
    MAX_RETRIES,
    MAX_SECONDS,
    MAX_TASKS,
)
from attune_core.model.keys import (
    ANYTHING,
    CONDITION,
    FLAG,
    MAP,
    ONE_TEMPLATE,
    TEMPLATE,
    TEXT,
    TEXTS,
    Key,
    Keys,
    choice,
    either,
    matching,
    number,
    part,
    some,
    whole,
)
from attune_core.model.names import REF, VERSION
from attune_core.model.policy import Backoff


class TaskType(StrEnum):
    ACTION = "action"
    PARALLEL = "parallel"
    WORKFLOW = "workflow"


class OnItemFailure(StrEnum):
    STOP = "stop"
    CONTINUE = "continue"


_SECONDS: Final = number(0, MAX_SECONDS)
_TIMEOUT: Final = number(0, MAX_SECONDS, above_low=True)
_TARGETS: Final = part("targets")
_DEPENDENCIES: Final = {"type": "array", "items": either(TEXT, part("dependency")), "uniqueItems": True}
_MAP_OR_TEMPLATE: Final = either(MAP, ONE_TEMPLATE)

METADATA: Final[Keys] = {
    "ref": Key(matching(REF), "The workflow's name: pack, dot, name.", required=True),
    "label": Key(TEXT, "A short title for people."),
    "description": Key(TEXT, "What it does, in a sentence or more."),
    "version": Key(matching(VERSION), "A semantic version; 1.0.0 when absent."),
    "tags": Key(TEXTS, "Words to find it by."),
    "parameters": Key(part("schema"), "What a run is started with: `name: {type, ...}` or a JSON Schema."),
    "output": Key(part("schema"), "What `output_map` must give: `name: {type, ...}` or a JSON Schema."),
}
GRAPH: Final[Keys] = {
    "vars": Key(part("variables"), "The variables of a run and what they start with."),
    "tasks": Key(some(part("task")), "The tasks; those that nothing leads to start the run.", required=True),
    "output_map": Key(_MAP_OR_TEMPLATE, "The output of a run that completed."),
    "timeout": Key(_TIMEOUT, "Seconds for the whole run; then it ends with the status timeout."),
    "on_unhandled_failure": Key(
        choice(OnUnhandledFailure), "`stop` (default): start nothing more. `continue`: let other branches go on."
    ),
    "cancellation_policy": Key(
        choice(CancellationPolicy), "`cancel_running` (default): stop what runs. `allow_finish`: let it end by itself."
    ),
    "max_iterations": Key(whole(1, MAX_ITERATIONS), "How many task activations a run may have; 10,000 when absent."),
}
WORKFLOW: Final[Keys] = {**METADATA, **GRAPH}

TASK_COMMON: Final[Keys] = {
    "name": Key(part("task_name"), "The task's name, unique in the workflow.", required=True),
    "type": Key(choice(TaskType), "`action` (default), `parallel` for a block of sub-tasks, or `workflow`."),
    "label": Key(TEXT, "A short title for people."),
    "description": Key(TEXT, "What the task is for."),
    "when": Key(CONDITION, "A condition; when it is false, the task is skipped."),
}
ITERATION: Final[Keys] = {
    "batch_size": Key(whole(1, MAX_BATCH), "So many elements make one item.", needs=("with_items",)),
    "concurrency": Key(
        either(whole(1, MAX_CONCURRENCY), TEMPLATE), "Items that run at the same time.", needs=("with_items",)
    ),
    "tolerate": Key(part("tolerate"), "How many items may fail without failing the task.", needs=("with_items",)),
    "on_item_failure": Key(
        choice(OnItemFailure),
        "When too many items have failed: `stop` (default) starting items, or `continue`.",
        needs=("with_items",),
    ),
}
TASK_WORK: Final[Keys] = {
    "action": Key(matching(REF), "The ref of an action or a workflow; without one the task does nothing."),
    "input": Key(_MAP_OR_TEMPLATE, "The action's parameters: a map, or one template that gives a map."),
    "with_items": Key(
        either({"type": ["array", "object"]}, TEMPLATE), "Run the action once for each element of a list or a map."
    ),
    **ITERATION,
    "retry": Key(part("retry"), "Try again after a failure or a timeout."),
    "timeout": Key(either(_TIMEOUT, TEMPLATE), "Seconds that one attempt may take."),
    "delay": Key(either(_SECONDS, TEMPLATE), "Seconds to wait before the first attempt."),
    "pool": Key(TEXT, "The pool of workers that runs it."),
    "compensate": Key(part("compensate"), "Reserved: how to undo the task. It is kept, and no run performs it yet."),
}
TASK_BLOCK: Final[Keys] = {
    "tasks": Key(some(part("subtask")), "The sub-tasks of a block of type parallel; they start together."),
    "fail_fast": Key(FLAG, "Cancel the other sub-tasks when one has failed."),
}
TRANSITIONS: Final[Keys] = {
    "on_success": Key(_TARGETS, "What follows when the task succeeded."),
    "on_failure": Key(_TARGETS, "What follows when it failed, or timed out and has no `on_timeout`."),
    "on_timeout": Key(_TARGETS, "What follows when it timed out."),
    "on_complete": Key(_TARGETS, "What follows when it succeeded, failed or timed out, beside the others."),
    "on_skip": Key(_TARGETS, "What follows when it was skipped."),
    "decision": Key(some(part("branch")), "Where a success leads: the first branch that holds, else the default."),
    "next": Key({"type": "array", "items": part("next")}, "The general form: every entry that holds is followed."),
}
TASK_LINKS: Final[Keys] = {
    "join": Key(
        either({"const": "all"}, whole(1, MAX_TASKS)),
        "Run once after all, or so many, of the tasks leading here.",
    ),
    "depends_on": Key(either(TEXT, _DEPENDENCIES), "Tasks to wait for."),
    **TRANSITIONS,
}
TASK_PUBLISH: Final[Keys] = {
    "publish": Key(part("publish"), "Variables to write when the task has succeeded, in order."),
}
TASK: Final[Keys] = {**TASK_COMMON, **TASK_WORK, **TASK_BLOCK, **TASK_LINKS, **TASK_PUBLISH}
SUBTASK: Final[Keys] = {**TASK_COMMON, **TASK_WORK, **TASK_BLOCK, **TASK_PUBLISH}

RETRY: Final[Keys] = {
    "count": Key(whole(0, MAX_RETRIES), "Retries after the first attempt.", required=True),
    "delay": Key(either(_SECONDS, TEMPLATE), "Seconds before the first retry; 0 when absent."),
    "backoff": Key(choice(Backoff), "How the delay grows: constant (default), linear or exponential."),
    "max_delay": Key(_SECONDS, "The longest delay, in seconds."),
    "jitter": Key(number(0, 1), "Spreads the delay by this fraction."),
    "on_error": Key(CONDITION, "A condition over `error` and `result`; false means no retry."),
}
TOLERATE: Final[Keys] = {
    "count": Key(whole(0, MAX_BATCH), "So many items may fail."),
    "percentage": Key(number(0, 100), "So many of a hundred items may fail."),
}
COMPENSATE: Final[Keys] = {
    "action": Key(matching(REF), "The action that undoes the task.", required=True),
    "input": Key(ANYTHING, "Its parameters."),
    "when": Key(CONDITION, "Whether there is anything to undo."),
    "retry": Key(part("retry"), "Try again after a failure."),
}
DEPENDENCY: Final[Keys] = {
    "task": Key(TEXT, "The task to wait for.", required=True),
    "type": Key(
        choice(DependencyType),
        "`hard` (default): it must have completed. `soft`: it must have ended. `optional`: it may never run.",
    ),
}
BRANCH: Final[Keys] = {
    "when": Key(CONDITION, "The condition of this branch."),
    "next": Key(_TARGETS, "Where this branch leads."),
    "default": Key(either(_TARGETS, FLAG), "Where to go when no branch holds: `default: NAME`."),
}
NEXT: Final[Keys] = {
    "when": Key(CONDITION, "Whether this entry is followed; without it, always."),
    "publish": Key(part("publish"), "Variables to write first."),
    "do": Key(_TARGETS, "The tasks to start."),
}
PARTS: Final[dict[str, Keys]] = {
    "task": TASK,
    "subtask": SUBTASK,
    "retry": RETRY,
    "tolerate": TOLERATE,
    "compensate": COMPENSATE,
    "dependency": DEPENDENCY,
    "branch": BRANCH,
    "next": NEXT,
}
