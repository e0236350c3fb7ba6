"""The example of each feature, run for real, and what its rehearsal says of it: the same status, output and error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from attune_client import Attune
from attune_core.packs.bundle import Bundle, read_bundle
from attune_core.rehearsal.cases import ready_script
from attune_core.rehearsal.catalogue import Catalogue, catalogue_of
from attune_core.rehearsal.report import Report
from attune_core.rehearsal.run import rehearse
from attune_core.rehearsal.script import Script
from tests.e2e.running import Dev, running_dev
from tests.support.waiting import until_sync

PACKS = Path(__file__).parents[2] / "packs"
FEATURES = PACKS / "examples/features"
PARAMETERS = {"features.sequence": {"name": "Ada"}, "features.decision": {"size": 50}, "features.delay": {"seconds": 1}}
PEOPLE = "features.inquiry"
"""It waits for an hour."""

EITHER = {"features.join_some"}
"""What comes first is not decided."""


def _files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@cache
def _bundle() -> Bundle:
    return read_bundle(_files(FEATURES))


@cache
def _catalogue() -> Catalogue:
    return catalogue_of([read_bundle(_files(PACKS / "core")), _bundle()])


REFS = sorted(workflow.ref for workflow in _bundle().workflows if workflow.ref != PEOPLE)


@pytest.fixture(scope="module")
def dev(module_folder: Path) -> Iterator[Dev]:
    with running_dev(module_folder, "--pack", str(FEATURES)) as dev:
        yield dev


@pytest.fixture(scope="module")
def runs(dev: Dev) -> dict[str, dict[str, Any]]:
    """By workflow its execution when it has ended. All of them run at the same time."""
    token = (dev.data / "token").read_text().strip()
    with Attune(json.loads((dev.data / "dev.json").read_text())["api_url"], token) as attune:
        started = {ref: _start(attune, ref) for ref in REFS}
        ended: dict[str, dict[str, Any]] = {}

        def all_have_ended() -> bool:
            for ref in started.keys() - ended.keys():
                found = _execution(attune, started[ref])
                if found["completed_at"]:
                    ended[ref] = found
            return len(ended) == len(started)

        until_sync(all_have_ended, 90, "all examples have ended")
        return ended


def _start(attune: Attune, ref: str) -> int:
    started: int = attune.call(lambda client: client.workflows.execute(ref, PARAMETERS.get(ref, {})))["id"]
    return started


def _execution(attune: Attune, number: int) -> dict[str, Any]:
    return dict(attune.call(lambda client: client.executions.get(number)))


def _rehearsed(ref: str) -> Report:
    graph = _catalogue().workflows[ref]
    script = Script(parameters=PARAMETERS.get(ref, {}), run_subworkflows=True)
    return rehearse(graph, ready_script(script, graph, _bundle()), _catalogue())


@pytest.mark.parametrize("ref", REFS)
def test_it_does_what_its_rehearsal_says(ref: str, runs: dict[str, dict[str, Any]]) -> None:
    report, run = _rehearsed(ref), runs[ref]
    assert run["status"] == report.status.value
    assert (run["error"] or {}).get("type") == (report.error or {}).get("type")
    if ref not in EITHER:
        assert run["result"] == report.output
