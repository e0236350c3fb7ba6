"""A process stops in order at the first signal and at once at the second."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

_PROGRAM = """
import asyncio, sys
from attune_common.runtime.lifecycle import run_service, until_stopped

async def main(stopping):
    async def start():
        print("started", flush=True)
    async def stop(grace):
        print("stopping", flush=True)
        if sys.argv[1] == "hangs":
            await asyncio.sleep(600)
        print("stopped", flush=True)
    await until_stopped(stopping, start, stop, 5)

run_service(main)
"""


class _Program:
    def __init__(self, kind: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, kind], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture
def programs() -> Iterator[list[_Program]]:
    started: list[_Program] = []
    yield started
    for each in started:
        each.process.kill()
        each.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_stops_in_order(programs: list[_Program], number: signal.Signals) -> None:
    programs.append(program := _Program("quick"))
    assert program.says() == "started"
    program.process.send_signal(number)
    assert [program.says(), program.says()] == ["stopping", "stopped"]
    assert program.process.wait(10) == 0


def test_the_second_signal_does_not_wait(programs: list[_Program]) -> None:
    programs.append(program := _Program("hangs"))
    assert program.says() == "started"
    program.process.send_signal(signal.SIGTERM)
    assert program.says() == "stopping"
    program.process.send_signal(signal.SIGTERM)
    assert program.process.wait(10) == 0
    assert program.says() == ""
