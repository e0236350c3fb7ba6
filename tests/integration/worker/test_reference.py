"""The examples of the reference of actions: each is the same action in another language, and does what it says."""

from __future__ import annotations

import shutil

import pytest
from tests.support.workbench import Workbench
from tests.unit.docs.blocks import DOCS, Block, blocks_of

BLOCKS = [block for block in blocks_of(DOCS / "reference/actions.md") if block.kind == "action"]
NEEDS = {"#!/usr/bin/env node": "node", "#!/bin/bash": "bash"}


def _first(block: Block) -> str:
    return block.text.partition("\n")[0]


def _job(bench: Workbench, block: Block, **parameters: object) -> object:
    is_python = not _first(block).startswith("#!")
    digest = bench.pack({f"actions/act.{'py' if is_python else 'sh'}": block.text})
    return bench.job("python" if is_python else "shell", digest=digest, parameters=parameters)


@pytest.mark.parametrize("block", BLOCKS, ids=_first)
async def test_each_example_does_what_it_says(bench: Workbench, block: Block) -> None:
    if (program := NEEDS.get(_first(block))) and shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here")
    job = _job(bench, block, path="x y.png", width=640)
    done = await bench.run(job)  # type: ignore[arg-type]
    assert done.status == "succeeded", done.error
    assert done.result["width"] == 640
    assert ("resizing x y.png") in [line for _, line in bench.lines(job)]  # type: ignore[arg-type]
    wide = await bench.run(_job(bench, block, path="x.png", width=20_000))  # type: ignore[arg-type]
    assert wide.error is not None
    assert (wide.error["type"], wide.error["message"]) == ("too_wide", "10,000 pixels at most")


def test_there_are_examples_in_python_bash_and_node() -> None:
    assert {_first(block) for block in BLOCKS} >= {"from attune_sdk import ActionFailed, action", *NEEDS}
