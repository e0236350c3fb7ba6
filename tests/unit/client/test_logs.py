"""Following logs: each line once, whatever comes from where, and to the last one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from attune_client import logs
from attune_client.logs import follow_logs
from tests.unit.client import scripted


def line(seq: int, execution: int = 1) -> dict[str, Any]:
    place = {"execution": execution, "task_name": None, "task_index": None, "attempt": 1, "seq": seq}
    return {**place, "stream": "stdout", "time": f"2026-01-01T00:00:{seq:02}Z", "line": f"line {seq}"}


class Platform:
    """An API without a stream: `looks` are the lines and the status that each look finds."""

    def __init__(self, *looks: tuple[list[int], str]) -> None:
        self.looks = list(looks)
        self.read: list[int] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path.endswith("/stream"):
            return httpx2.Response(404)
        seqs, status = self.looks[0]
        if path.endswith("/logs/ends"):
            return _items([{"execution": 1, "attempt": 1, "seq": max(seqs)}])
        if path.endswith("/logs"):
            asked = request.url.params
            self.read.append(int(asked.get("after", 0)))
            found = [line(seq) for seq in seqs if seq > self.read[-1]]
            return _items(found[-int(asked["tail"]) :] if "tail" in asked else found)
        if len(self.looks) > 1:
            self.looks.pop(0)
        return httpx2.Response(200, content=json.dumps({"id": 1, "status": status}))


def _items(items: list[dict[str, Any]]) -> httpx2.Response:
    return httpx2.Response(200, content=json.dumps({"items": items, "next": None}))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(logs, "SETTLE_SECONDS", 0.01)


async def _followed(platform: Platform, **options: Any) -> list[int]:
    transport = scripted.transport(platform.answer)
    return [found["seq"] async for found in follow_logs(transport, 1, **options)]


async def test_each_line_once_and_all_of_them() -> None:
    platform = Platform(([1], "running"), ([1, 2], "running"), ([1, 2, 3], "completed"), ([1, 2, 3, 4], "completed"))
    assert await _followed(platform) == [1, 2, 3, 4]


async def test_the_end_of_what_is_there_and_then_what_comes() -> None:
    platform = Platform(([1, 2, 3], "running"), ([1, 2, 3, 4], "completed"))
    assert await _followed(platform, tail=1) == [3, 4]


async def test_one_that_has_ended_is_read_and_left() -> None:
    assert await _followed(Platform(([1, 2], "failed"))) == [1, 2]


async def test_nothing_is_read_twice() -> None:
    platform = Platform(([1, 2], "running"), ([1, 2, 3], "running"), ([1, 2, 3, 4], "completed"))
    assert await _followed(platform) == [1, 2, 3, 4]
    assert platform.read == [0, 2, 3]


async def test_lines_are_put_in_the_order_of_time_while_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    async def pages() -> AsyncIterator[list[Any]]:
        yield [line(3), line(5)]
        yield [line(4, execution=2)]

    assert [found["seq"] async for found in logs.in_time(pages())] == [3, 4, 5]
    monkeypatch.setattr(logs, "MOST_SORTED", 2)
    assert [found["seq"] async for found in logs.in_time(pages())] == [3, 5, 4]
