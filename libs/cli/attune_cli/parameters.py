"""Parameters from the command line: `name=value`, `name=@file`, `name:=json`, or a whole file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

Given = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", help="name=value, name:=JSON or name=@file. Repeatable.", metavar="NAME=VALUE"),
]
GivenFile = Annotated[
    Path | None,
    typer.Option("--params-file", help="A JSON or YAML file with all parameters.", exists=True, dir_okay=False),
]


def read(given: Sequence[str] | None, file: Path | None) -> dict[str, Any]:
    """The parameters; single ones win over the file. Errors: typer.BadParameter."""
    values = _of_file(file) if file else {}
    for text in given or ():
        name, value = _one(text)
        values[name] = value
    return values


def texts(given: Sequence[str] | None) -> frozenset[str]:
    """The names that were given as `name=text`, and so may stand for something else than text."""
    named = (text.partition("=") for text in given or ())
    return frozenset(name for name, _, value in named if not name.endswith(":") and not value.startswith("@"))


def _one(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip(":"):
        raise typer.BadParameter(f"{text!r} is not name=value", param_hint="--param")
    if name.endswith(":"):
        return name[:-1], _json(text, value)
    if value.startswith("@"):
        return name, _text_of(Path(value[1:]))
    return name, value


def _json(text: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as problem:
        raise typer.BadParameter(f"{text!r}: {problem}", param_hint="--param") from problem


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as problem:
        raise typer.BadParameter(f"{path}: {problem.strerror}", param_hint="--param") from problem


def _of_file(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as problem:
        raise typer.BadParameter(f"{path}: {problem}", param_hint="--params-file") from problem
    if not isinstance(content, dict):
        raise typer.BadParameter(f"{path}: a map of names is needed", param_hint="--params-file")
    return content
