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
