"""`attune_sdk.Sensor` on a bench, and its runner over real pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import attune_sdk
from attune_sdk import EmitRefused, Sensor
from attune_sdk.sensor_testing import Bench

RUNNER = Path(attune_sdk.__file__).parent / "sensor_runner.py"


class Counter(Sensor):
    def poll(self) -> None:
        number = (self.state or 0) + 1
        self.emit("seen", {"n": number, "at": self.parameters["place"]}, key=str(number), state=number)


class Async(Sensor):
    async def poll(self) -> None:
        await self.emit_async("seen", {"n": 1})
        self.save({"done": True})


def test_a_bench_shows_what_a_sensor_emits_and_saves() -> None:
    bench = Bench(Counter, {"place": "north"})
    assert bench.poll(2) == [
        {"trigger": "seen", "payload": {"n": 1, "at": "north"}, "key": "1"},
        {"trigger": "seen", "payload": {"n": 2, "at": "north"}, "key": "2"},
    ]
    assert bench.state == 2
    assert Bench(Counter, {"place": "x"}, state=bench.state).poll()[0]["payload"]["n"] == 3


def test_coroutines() -> None:
    bench = Bench(Async)
    assert bench.poll() == [{"trigger": "seen", "payload": {"n": 1}}]
    assert bench.state == {"done": True}


def test_what_is_refused_is_raised_and_leaves_no_state() -> None:
    bench = Bench(Counter, {"place": "x"}, refuse="seen")
    with pytest.raises(EmitRefused):
        bench.poll()
    assert (bench.events, bench.state) == ([], None)


class Running:
    """The runner as a process, spoken to in lines."""

    def __init__(self, process: subprocess.Popen[bytes], lines: Any) -> None:
        self.process, self._lines = process, lines

    def tell(self, **message: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._lines.readline())
        return found

    def end(self) -> tuple[int, str]:
        out, _ = self.process.communicate(timeout=20)
        return self.process.returncode, out.decode()


@contextmanager
def running(folder: Path, source: str, *arguments: str, poll: float | None = None) -> Iterator[Running]:
    file = folder / "sensor.py"
    file.write_text(textwrap.dedent(source))
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(RUNNER), str(file), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(writing,),
        env={"ATTUNE_SENSOR_FD": str(writing), "PATH": os.defpath},
    )
    os.close(writing)
    with os.fdopen(reading, "rb") as lines:
        found = Running(process, lines)
        found.tell(type="start", sensor="a.b", parameters={"x": 1}, state=None, poll=poll)
        yield found
    if process.poll() is None:
        process.kill()
        process.communicate()


def test_polls_are_answered_and_a_stop_ends_it(tmp_path: Path) -> None:
    source = """
        from attune_sdk import Sensor

        class One(Sensor):
            def poll(self):
                print("stored as", self.emit("seen", self.parameters))
            def teardown(self):
                print("over")
        """
    with running(tmp_path, source, poll=5) as sensor:
        assert sensor.hear() == {"type": "ready"}
        sensor.tell(type="poll")
        said = sensor.hear()
        assert {**said, "id": 0} == {"type": "event", "trigger": "seen", "payload": {"x": 1}, "id": 0}
        sensor.tell(type="ack", id=said["id"], event=77)
        assert sensor.hear() == {"type": "done"}
        sensor.tell(type="stop")
        status, printed = sensor.end()
    assert status == 0
    assert printed.split("\n")[:2] == ["stored as 77", "over"]


def test_what_is_too_long_is_refused_at_once(tmp_path: Path) -> None:
    source = """
        from attune_sdk import EmitRefused, Sensor

        class One(Sensor):
            def run(self):
                try:
                    self.emit("seen", "x" * 2_000_000)
                except EmitRefused as refused:
                    print(refused.code)
                self.emit("seen", 1)
        """
    with running(tmp_path, source) as sensor:
        assert sensor.hear() == {"type": "ready"}
        said = sensor.hear()
        assert said["payload"] == 1
        sensor.tell(type="ack", id=said["id"], event=1)
        assert "too_long" in sensor.end()[1]


def test_the_end_of_stdin_is_a_stop(tmp_path: Path) -> None:
    source = """
        from attune_sdk import Sensor

        class One(Sensor):
            async def run(self):
                await self.stopped()
        """
    with running(tmp_path, source) as sensor:
        assert sensor.hear() == {"type": "ready"}
        assert sensor.end()[0] == 0


@pytest.mark.parametrize(
    ("source", "poll", "told"),
    [
        ("x = 1\n", None, "one class that is a Sensor"),
        ("from attune_sdk import Sensor\nclass A(Sensor): pass\n", None, "has no `run`"),
        ("from attune_sdk import Sensor\nclass A(Sensor):\n  def run(self): pass\n", None, "`run` ended"),
        ("from attune_sdk import Sensor\nclass A(Sensor):\n  def run(self): pass\n", 5, "no method `poll`"),
        ("from attune_sdk import Sensor\nclass A(Sensor): pass\nclass B(Sensor): pass\n", None, "name it"),
        ("from attune_sdk import Sensor\nclass A(Sensor):\n  def run(self): raise OSError('cut')\n", None, "cut"),
        ("syntax error\n", None, "SyntaxError"),
    ],
)
def test_what_cannot_run_says_so_and_fails(tmp_path: Path, source: str, poll: float | None, told: str) -> None:
    with running(tmp_path, source, poll=poll) as sensor:
        sensor.process.wait(20)
        status, printed = sensor.end()
    assert status == 1
    assert told in printed


def test_a_class_is_chosen_by_name(tmp_path: Path) -> None:
    source = """
        from attune_sdk import Sensor

        class One(Sensor):
            def run(self):
                self.stopping.wait()

        class Other(One):
            def setup(self):
                print("the other")
        """
    with running(tmp_path, source, "Other") as sensor:
        assert sensor.hear() == {"type": "ready"}
        assert sensor.end() == (0, "the other\n")
