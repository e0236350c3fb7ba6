"""`attune schema`: what editors need to complete and check the files of packs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from attune_cli.output import Format, Output
from attune_cli.output import show as show_value


class Kind(StrEnum):
    """The kinds of `attune_core.schemas`, without loading it."""

    WORKFLOW = "workflow"
    ACTION = "action"
    RULE = "rule"
    TRIGGER = "trigger"
    SENSOR = "sensor"
    POLICY = "policy"
    PACK = "pack"
    TEST = "test"


def add_to(app: typer.Typer) -> None:
    app.command()(schema)


def schema(
    kind: Annotated[Kind, typer.Argument(help="The kind of file.")],
    output: Output = Format.JSON,
) -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    from attune_core.schemas.documents import FileKind, schema_of

    value = schema_of(FileKind(kind.value))
    show_value(value, Format.JSON if output is Format.TABLE else output, str)
