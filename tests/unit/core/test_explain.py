"""Stories about explanations: given a workflow, signals, and what there is around the run, then these sentences."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from attune_core.definition.compile import compile_graph
from attune_core.definition.parse import parse_workflow
from attune_core.model.status import ExecutionStatus
from attune_core.rehearsal.memory import MemoryRun
from attune_core.rehearsal.run import EPOCH
from attune_core.workflow.explain import explain
from attune_core.workflow.journal import command_to_json
from attune_core.workflow.signals import TimerKind
from attune_core.workflow.surroundings import Child, Due, Question, SetAside, Surroundings, Turn, Work
from attune_core.workflow.trail import condition_gave, read_trail, times_fired
from tests.unit.core.script import signal_of

_FOLDER = Path(__file__).parent / "explanations"


def _stories() -> list[Any]:
    return [
        pytest.param(story, id=f"{path.stem}: {story['story']}")
        for path in sorted(_FOLDER.glob("*.yaml"))
        for story in yaml.safe_load(path.read_text())
    ]


def _surroundings(world: MemoryRun, given: dict[str, Any]) -> Surroundings:
    """Times are seconds from now."""

    def at(seconds: float | None) -> Any:
        return None if seconds is None else world.now + timedelta(seconds=seconds)

    works = [
        Work(**{**work, "status": ExecutionStatus(work["status"]), "since": at(work.get("since"))})
        for work in given.get("works", ())
    ]
    timers = [
        Due(**{**due, "kind": TimerKind(due["kind"]), "due_at": at(due["due_at"])}) for due in given.get("timers", ())
    ]
    questions = [
        Question(
            **{**each, "assigned_to": tuple(each.get("assigned_to", ())), "timeout_at": at(each.get("timeout_at"))}
        )
        for each in given.get("questions", ())
    ]
    children = [Child(**{**each, "status": ExecutionStatus(each["status"])}) for each in given.get("children", ())]
    asked = tuple(given.get("asked", ()))
    lists = (tuple(works), tuple(timers), tuple(questions), tuple(children))
    turns = tuple(Turn(**{**each, "due_at": at(each.get("due_at"))}) for each in given.get("turns", ()))
    return Surroundings(world.now, *lists, asked, _set_aside(given), turns)


def _set_aside(given: dict[str, Any]) -> SetAside | None:
    return SetAside(given["incident"], given["error"]) if "incident" in given else None


@pytest.mark.parametrize("story", _stories())
def test_explanation(story: dict[str, Any]) -> None:
    text = yaml.safe_dump({"ref": "test.story", **story["workflow"]}, sort_keys=False)
    graph = compile_graph(parse_workflow(text, "story.yaml").definition)
    world = MemoryRun(graph, EPOCH, parameters=story.get("parameters", {}))
    for step in story["steps"]:
        world.pass_time(1)
        world.tell(signal_of(world, step))
    trail = read_trail(command_to_json(command) for command in world.commands)
    found = explain(graph, world.state, trail, _surroundings(world, story.get("around", {})))
    assert [sentence.text for sentence in found] == story["explain"]


def test_a_trail_counts_every_pass() -> None:
    ended = {"type": "TaskEnded", "task": "a", "status": "succeeded"}
    trail = read_trail(
        [
            {"type": "RunAction"},
            {**ended, "iteration": 1, "fired": ["next[0]"], "refused": {"next[1]": "false"}},
            {**ended, "iteration": 2, "fired": ["next[0]", "next[1]"]},
            {**ended, "iteration": 3, "refused": {"next[0]": "a.next[0].when: no", "next[1]": "false"}},
        ]
    )
    assert [times_fired(trail, "a", label) for label in ("next[0]", "next[1]", "next[2]")] == [2, 1, 0]
    assert condition_gave(trail, "a", "next[0]") == "a.next[0].when: no"
    assert condition_gave(trail, "a", "next[1]") == "false"
    assert condition_gave(trail, "b", "next[0]") is None
