"""Shell actions: an executable file of the pack in any language, or a command line."""

from __future__ import annotations

import os
import re
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from attune_common.hosting.failure import ActionFailure
from attune_common.runtime import json
from attune_worker.runtimes import processes
from attune_worker.runtimes.base import Attempt
from attune_worker.runtimes.entry import find_file
from attune_worker.runtimes.exchange import Exchange, is_nothing, parse_or_nothing
from attune_worker.slots import SlotKind

_SHELL = "/bin/sh"
_LARGEST_VARIABLE = 100 * 1024
_LARGEST_VARIABLES = 512 * 1024
_NO_NAME = re.compile(r"[^A-Za-z0-9_]")


class ShellRuntime:
    """A file starts with its `#!` line, without one in sh; anything else is a command line for sh."""

    slots = SlotKind.PROCESS

    async def prepare(self, attempt: Attempt) -> Coroutine[Any, Any, Any]:
        spec = attempt.spec
        pack = await attempt.bench.packs.folder(spec.pack_ref, spec.pack_digest)
        file = find_file(pack, spec.entry_point, spec.action_ref, ".sh")
        if file is None and not spec.entry_point:
            raise ActionFailure("invalid_entry_point", f"{spec.action_ref} names neither a file nor a command")
        arguments = [_SHELL, "-c", spec.entry_point] if file is None else _command(file)
        secret = {place[0] for place in spec.secrets if place}
        shown = {name: value for name, value in spec.parameters.items() if name not in secret}
        program = processes.Program(arguments, pack, parameter_variables(shown))
        return processes.perform(attempt, program, _result)


def parameter_variables(parameters: Mapping[str, Any]) -> dict[str, str]:
    """`ATTUNE_PARAM_<NAME>` for each parameter: texts as they are, the rest as JSON, null as an empty text.

    What is too large for an environment is left out, and what is secret: others on the host can read environments.
    stdin has all of them.
    """
    variables: dict[str, str] = {}
    room = _LARGEST_VARIABLES
    for name, value in parameters.items():
        text = value if isinstance(value, str) else "" if value is None else json.dumps(value).decode()
        size = len(text.encode("utf-8", "replace"))
        if size <= min(_LARGEST_VARIABLE, room) and "\0" not in text:
            variables[f"ATTUNE_PARAM_{_NO_NAME.sub('_', name).upper()}"] = text
            room -= size
    return variables


def _command(file: Path) -> list[str]:
    with file.open("rb") as stream:
        line = stream.readline(256)
    interpreter = line[2:].decode("utf-8", "replace").split(None, 1) if line.startswith(b"#!") else [_SHELL]
    return [*(part.strip() for part in interpreter), os.fspath(file)]


def _result(exchange: Exchange) -> Any:
    written = exchange.written()
    if not is_nothing(written):
        return written
    printed = None if exchange.stdout.truncated else parse_or_nothing(exchange.stdout.text)
    if printed is not None and not is_nothing(printed):
        return printed
    return _texts(exchange)


def _texts(exchange: Exchange) -> dict[str, Any]:
    result: dict[str, Any] = {"stdout": exchange.stdout.text.rstrip("\n"), "exit_code": 0}
    if exchange.stdout.truncated:
        result["stdout"] = exchange.masker.cut(exchange.stdout.text[:_LARGEST_VARIABLE])
        result["truncated"] = True
    if exchange.stderr.tail:
        result["stderr"] = exchange.stderr.tail.decode("utf-8", "replace").rstrip("\n")
    return result
