"""The reference page knows every command, and no other."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

from attune_cli.main import app
from attune_cli.teaching import EXAMPLES

PAGE = Path(__file__).parents[3] / "docs/reference/cli.md"


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[str]:
    members = getattr(command, "commands", None)
    if members is None:
        yield " ".join(words)
        return
    for name, member in members.items():
        yield from _commands(member, (*words, name))


def test_every_command_is_described_and_no_other() -> None:
    known = set(_commands(get_command(app), ("attune",)))
    written = set(re.findall(r"`(attune(?: [a-z][a-z-]*)+)", PAGE.read_text()))
    assert known - written == set()
    assert written - known == set()


def test_every_command_that_answers_takes_output() -> None:
    silent = {"attune dev", "attune demo", "attune api", "attune executor", "attune worker", "attune notifier"}
    silent |= {"attune sensor-service"}

    def of(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        members = getattr(command, "commands", None)
        if members is None:
            yield " ".join(words), command
            return
        for name, member in members.items():
            yield from of(member, (*words, name))

    without = {
        path
        for path, command in of(get_command(app), ("attune",))
        if not any("--output" in parameter.opts for parameter in command.params)
    }
    assert without == silent


def test_every_command_teaches_by_an_example_that_can_be_typed() -> None:
    root = get_command(app)
    assert set(EXAMPLES) == {path.removeprefix("attune ") for path in _commands(root, ("attune",))}
    for path, example in EXAMPLES.items():
        found, words = _followed(root, path.split(" "))
        assert found.epilog == f"Example: {example}"
        typed = shlex.split(example.partition(" > ")[0].replace("--profile staging ", ""))
        assert typed[: len(words) + 1] == ["attune", *words]
        _read(found, path, typed[len(words) + 1 :])


def _read(command: Any, path: str, arguments: list[str]) -> None:
    try:
        command.make_context(path, arguments)
    except typer.BadParameter as refused:  # the files of the example are the reader's
        if "does not exist" not in str(refused):
            raise


def _followed(command: Any, words: list[str]) -> tuple[Any, list[str]]:
    for word in words:
        command = command.commands[word]
    return command, words
