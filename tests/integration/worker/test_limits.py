"""What an action may use by its own file, and what its result must be."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.workbench import Workbench

SHAPE = {"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]}


@pytest.mark.parametrize(
    ("limits", "source", "words"),
    [
        ({"memory": 100 << 20}, "x = bytearray(300 << 20)", "MemoryError"),
        ({"cpu": 0.5}, "while True: pass", "SIGXCPU: its limit of CPU time"),
        ({"file_size": 1000}, "f = open('x', 'wb', 0)\nf.write(b'x' * 1000)\nf.write(b'x')", "File too large"),
        ({"files": 32}, "kept = [open('/dev/null') for _ in range(100)]", "Too many open files"),
    ],
    ids=["memory", "cpu", "file_size", "files"],
)
async def test_what_is_beyond_a_limit_fails(bench: Workbench, limits: dict[str, Any], source: str, words: str) -> None:
    done = await bench.python(source, spec={"limits": limits})
    assert done.error is not None
    assert words in str(done.error), done.error


async def test_no_limit_is_wider_than_the_workers(bench: Workbench) -> None:
    source = "import resource\nprint(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    done = await bench.python(source, spec={"limits": {"files": 1_000_000}})
    assert done.result <= 4096


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ('{"size": 1, "more": true}', None),
        ('{"size": "large"}', "size: "),
        ("{}", "size"),
        ("[]", "result: "),
        ("", "result: "),
    ],
)
async def test_a_result_is_what_the_action_promises(bench: Workbench, printed: str, told: str | None) -> None:
    done = await bench.python(f"print({printed!r})", spec={"output_schema": SHAPE})
    if told is None:
        assert done.result == {"size": 1, "more": True}
        return
    assert done.error is not None
    assert done.error["type"] == "output_error"
    assert told in done.error["message"]


async def test_what_an_action_should_not_tell_is_not_told_by_the_check(bench: Workbench) -> None:
    shape = {"type": "object", "properties": {"key": {"type": "integer", "secret": True}}}
    done = await bench.python('print(\'{"key": "canary"}\')', spec={"output_schema": shape})
    assert done.error is not None
    assert "canary" not in str(done.error)
