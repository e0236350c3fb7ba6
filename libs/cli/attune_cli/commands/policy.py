"""`attune policy`: how many executions of an action may run at once, start in a time, and try again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli import parameters
from attune_cli.output import Format, Output, say, show_record, show_rows
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client import AsyncAttune

app = typer.Typer(name="policy", help="Policies: limits and retries of actions.", no_args_is_help=True)

Ref = Annotated[str, typer.Argument(help="The policy's ref.")]
_COLUMNS = {
    "REF": "ref",
    "ACTION": "action",
    "CONCURRENCY": "concurrency",
    "RATE": "rate_limit",
    "RETRY": "retry",
    "ENABLED": "enabled",
}
_NAMES = ("ref", "label", "description", "action", "concurrency", "rate_limit", "retry", "enabled", "lines")
_FIELDS = {name: name for name in _NAMES}


@app.command("list")
def list_(
    action: Annotated[str | None, typer.Option(help="Only those of this action.")] = None,
    pack: Annotated[str | None, typer.Option(help="Only those of this pack.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """All policies."""
    show_rows(ask(lambda attune: attune.policies.list(action, pack)), output, _COLUMNS)


@app.command()
def show(ref: Ref, output: Output = Format.TABLE) -> None:
    """One policy, with who runs and who waits under it."""
    show_record(ask(lambda attune: attune.policies.get(ref)), output, _FIELDS)


@app.command()
def create(
    file: Annotated[Path, typer.Argument(help="A policy as YAML or JSON.", exists=True, dir_okay=False)],
    output: Output = Format.TABLE,
) -> None:
    """Limit an action that you may author. `attune schema policy` tells what the file may say."""
    policy = parameters.read(None, file)
    show_record(ask(lambda attune: attune.policies.create(policy)), output, _FIELDS)


@app.command("set")
def set_(
    ref: Ref,
    values: Annotated[
        list[str], typer.Argument(help="concurrency.limit=5, rate_limit.per=minute, retry=null", metavar="KEY=VALUE...")
    ],
    output: Output = Format.TABLE,
) -> None:
    """Change a policy. Values are JSON, or text; null takes a part away."""
    changes = [_change(text) for text in values]

    async def work(attune: AsyncAttune) -> dict[str, Any]:
        return await attune.policies.change(ref, _changed(await attune.policies.get(ref), changes))

    show_record(ask(work), output, _FIELDS)


@app.command()
def enable(ref: Ref, output: Output = Format.TABLE) -> None:
    """Let it limit again."""
    ask(lambda attune: attune.policies.change(ref, {"enabled": True}))
    say(f"policy {ref} is enabled", output)


@app.command()
def disable(ref: Ref, output: Output = Format.TABLE) -> None:
    """Let it limit nothing. Who waits under it starts."""
    ask(lambda attune: attune.policies.change(ref, {"enabled": False}))
    say(f"policy {ref} is disabled", output)


@app.command()
def delete(ref: Ref, output: Output = Format.TABLE) -> None:
    """Remove it. Who waits under it starts."""
    ask(lambda attune: attune.policies.delete(ref))
    say(f"policy {ref} is deleted", output)


def _change(text: str) -> tuple[list[str], Any]:
    key, separator, value = text.partition("=")
    if not separator or not all(key.split(".")):
        raise typer.BadParameter(f"{text!r} is not key=value", param_hint="KEY=VALUE")
    try:
        return key.split("."), json.loads(value)
    except ValueError:
        return key.split("."), value


def _changed(policy: dict[str, Any], changes: list[tuple[list[str], Any]]) -> dict[str, Any]:
    """The parts to send: whole, for the API takes a part as it is given."""
    sent: dict[str, Any] = {}
    for (name, *inner), value in changes:
        if not inner:
            sent[name] = value
            continue
        part = sent.setdefault(name, dict(policy.get(name) or {}))
        if not isinstance(part, dict) or len(inner) > 1:
            raise typer.BadParameter(f"there is no {'.'.join([name, *inner])}", param_hint="KEY=VALUE")
        part[inner[0]] = value
    return sent
