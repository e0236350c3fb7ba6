"""Logs: one JSON object per line for machines, whatever library wrote it; text for people."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_PROGRAM = """
import logging, sys
from attune_common.runtime import logging as ours
from attune_common.runtime.settings import Settings
ours.configure(Settings(log_format=sys.argv[1], log_level="info"), "worker")
ours.get("attune.test").info("started", port=8080)
ours.get("attune.test").debug("hidden")
logging.getLogger("library").warning("careful: %s", "hot")
try:
    1 / 0
except ZeroDivisionError:
    ours.get("attune.test").exception("broken")
"""


def _lines(log_format: str) -> list[str]:
    ended = subprocess.run([sys.executable, "-c", _PROGRAM, log_format], capture_output=True, text=True, check=True)
    assert ended.stdout == ""
    return ended.stderr.splitlines()


_TELLS = """
import logging
from attune_common.runtime import logging as ours
from attune_common.runtime.settings import Settings
ours.configure(Settings(log_format="%s"), "worker")
log = ours.get("attune.test")
log.warning("refused", password="canary-1", detail={"Api-Key": "canary-2", "api_key": ["canary-3"]}, tokens=3)
log.warning("asked", headers=["authorization: Bearer canary-4-abcdef"], url="amqp://user:canary-5@broker/vhost")
logging.getLogger("library").warning("with %%s", "att_0123456789abcdef_canary-6-0123456789")
try:
    raise ValueError("postgresql://user:canary-7@host/db")
except ValueError as problem:
    log.exception("broken", error=problem)
"""


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_line_holds_a_secret(form: str) -> None:
    ended = subprocess.run([sys.executable, "-c", _TELLS % form], capture_output=True, text=True, check=True)
    assert "canary" not in ended.stderr
    for kept in ("user:****", "att_0123456789abcdef_****", "ValueError", "tokens"):
        assert kept in ended.stderr


def test_json_lines() -> None:
    first, second, third = (json.loads(line) for line in _lines("json"))
    assert (first["event"], first["port"], first["level"], first["service"]) == ("started", 8080, "info", "worker")
    assert first["timestamp"].endswith("Z")
    assert (second["event"], second["logger"]) == ("careful: hot", "library")
    assert "ZeroDivisionError" in third["exception"]


@pytest.mark.parametrize("word", ["started", "port=8080", "careful: hot", "ZeroDivisionError"])
def test_text_for_people(word: str) -> None:
    text = "\n".join(_lines("console"))
    assert word in text
    assert "hidden" not in text


_REQUESTS = """
from attune_common.runtime import logging as ours
from attune_common.runtime.settings import Settings
told = {"method": "GET", "path": "/api/att_0123456789abcdef_canary-8-0123456789", "status": 200, "ms": 1.5}
for level in ("info", "warning"):
    ours.configure(Settings(log_format="%s", log_level=level), "api")
    ours.request("attune.test", {**told, "request_id": "r1"})
"""


def test_requests_are_told_as_everything_else() -> None:
    program = [sys.executable, "-c"]
    quick = subprocess.run([*program, _REQUESTS % "json"], capture_output=True, text=True, check=True).stderr
    line = json.loads(quick)
    assert {"event": "request", "level": "info", "logger": "attune.test", "service": "api"}.items() <= line.items()
    assert (line["status"], line["ms"], line["request_id"], line["timestamp"][-1]) == (200, 1.5, "r1", "Z")
    console = subprocess.run([*program, _REQUESTS % "console"], capture_output=True, text=True, check=True).stderr
    assert ("canary" in quick + console, "request" in console) == (False, True)


_BLOCK = """
from attune_common.runtime import logging as ours
from attune_common.runtime.settings import Settings
ours.configure(Settings(log_format="%s", log_level="%s"), "executor")
told = [{"event": "task completed", "task": name, "duration": 0.5} for name in ("a", "b")]
if ours.wanted():
    ours.lines("attune.workflow", told)
"""


def test_a_block_of_lines_is_told_as_its_lines_would_be_one_by_one() -> None:
    ways = (("json", "info"), ("console", "info"), ("json", "warning"))
    program = [sys.executable, "-c"]
    quick, console, none = (
        subprocess.run([*program, _BLOCK % way], capture_output=True, text=True, check=True).stderr for way in ways
    )
    found = [json.loads(line) for line in quick.splitlines()]
    assert [(line["event"], line["task"], line["duration"]) for line in found] == [
        ("task completed", "a", 0.5), ("task completed", "b", 0.5)]  # fmt: skip
    shared = {"level": "info", "logger": "attune.workflow", "service": "executor"}
    assert all(shared.items() <= line.items() and line["timestamp"][-1] == "Z" for line in found)
    assert (console.count("task completed"), none) == (2, "")


_HOSTILE = """
from attune_common.runtime import logging as ours
from attune_common.runtime.settings import Settings
ours.configure(Settings(log_format="json"), "api")
log = ours.get("attune.test")
given = "a\\nlevel=error forged", "\\x1b[31mred\\x1b[0m", "\\u202eevil", "<script>", "\\r\\n\\r\\n", "\\u2028"
for label in given:
    log.info("named " + label, label=label)
"""


def test_what_people_name_things_stays_one_line_each() -> None:
    ended = subprocess.run([sys.executable, "-c", _HOSTILE], capture_output=True, check=True)
    lines = ended.stderr.decode().strip().split("\n")
    assert len(lines) == 6
    assert all(json.loads(line)["event"] == "named " + json.loads(line)["label"] for line in lines)
    assert b"\x1b" not in ended.stderr
