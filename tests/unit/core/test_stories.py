"""Every story in stories/*.yaml, told to the pure engine twice: in memory, and through the codec at every step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from attune_core.definition.compile import compile_graph
from attune_core.definition.parse import parse_workflow
from attune_core.rehearsal.memory import MemoryRun
from attune_core.rehearsal.run import EPOCH
from attune_core.workflow.codec import run_from_json, run_to_json, task_to_json
from attune_core.workflow.state import RunState
from tests.unit.core.script import check, signal_of

_FOLDER = Path(__file__).parent / "stories"


def _stories() -> list[Any]:
    found = []
    for path in sorted(_FOLDER.glob("*.yaml")):
        for story in yaml.safe_load(path.read_text()):
            found.append(pytest.param(story, id=f"{path.stem}: {story['story']}"))
    return found


def _world(story: dict[str, Any]) -> MemoryRun:
    text = yaml.safe_dump({"ref": "test.story", **story["workflow"]}, sort_keys=False)
    graph = compile_graph(parse_workflow(text, "story.yaml").definition)
    given = story.get("given") or {}
    return MemoryRun(
        graph,
        EPOCH,
        parameters=given.get("parameters", {}),
        pack_config=given.get("pack_config", {}),
        kv=given.get("kv", {}),
        window=given.get("window", 100),
    )


def _reload(state: RunState) -> RunState:
    return run_from_json(
        run_to_json(state),
        status=state.status,
        revision=state.revision,
        tries=state.tries,
        variables=state.vars,
        tasks={name: task_to_json(task) for name, task in state.tasks.items()},
    )


@pytest.mark.parametrize("story", _stories())
@pytest.mark.parametrize("stored", [False, True], ids=["memory", "stored"])
def test_story(story: dict[str, Any], stored: bool) -> None:
    world = _world(story)
    for number, step in enumerate(story["steps"]):
        world.pass_time(1)
        given = world.tell(signal_of(world, step))
        try:
            check(world, step, given)
        except AssertionError as problem:
            raise AssertionError(f"step {number + 1} {step}: {problem}") from problem
        if stored:
            reloaded = _reload(world.state)
            assert reloaded == world.state
            world.state = reloaded
