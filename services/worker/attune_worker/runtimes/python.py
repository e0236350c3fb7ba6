"""Python actions: a function under `@action`, or any script that reads JSON and prints JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from attune_sdk import runner
from attune_worker.runtimes import processes
from attune_worker.runtimes.base import Attempt
from attune_worker.runtimes.entry import entry_file
from attune_worker.runtimes.exchange import Exchange, is_nothing, parse_or_nothing
from attune_worker.slots import SlotKind

_STDLIB_ONLY = ("-I", "-S")
_WITH_PACKAGES = ("-I",)


class PythonRuntime:
    """A pack with requirements runs in its own environment, any other on the worker's bare interpreter."""

    slots = SlotKind.PROCESS

    async def prepare(self, attempt: Attempt) -> Coroutine[Any, Any, Any]:
        spec = attempt.spec
        pack = await attempt.bench.packs.folder(spec.pack_ref, spec.pack_digest)
        named, _, function = spec.entry_point.partition(":")
        file = entry_file(pack, named, spec.action_ref, ".py")
        python = await attempt.bench.environments.python(pack, spec.pack_digest, attempt.log)
        called = bool(function) or runner.has_action(file.read_bytes())
        program = processes.Program(_command(python, attempt.bench.environments.sdk, file, function), pack)
        return processes.perform(attempt, program, _function_result if called else _script_result)


def _command(python: Path | None, sdk: Path, file: Path, function: str) -> list[str]:
    interpreter = [sys.executable, *_STDLIB_ONLY] if python is None else [os.fspath(python), *_WITH_PACKAGES]
    start = os.fspath(sdk / "attune_sdk" / "runner.py")
    return [*interpreter, "-B", "-u", start, os.fspath(file), *([function] if function else [])]


def _function_result(exchange: Exchange) -> Any:
    written = exchange.written()
    return None if is_nothing(written) else written


def _script_result(exchange: Exchange) -> Any:
    """What it wrote as its result, else its stdout: a JSON document, text, or nothing at all."""
    written = exchange.written()
    if not is_nothing(written):
        return written
    exchange.stdout.must_be_whole()
    printed = parse_or_nothing(exchange.stdout.text)
    return printed if not is_nothing(printed) else exchange.stdout.text.strip() or None
