"""`attune rule`: the registered rules, and what one of them says of an event."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli.exits import Exit
from attune_cli.output import Format, Output, say, show_record, show_rows
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_cli.offline.rule_testing import Tested
    from attune_client import AsyncAttune

app = typer.Typer(name="rule", help="Rules: which trigger starts what.", no_args_is_help=True)
Ref = Annotated[str, typer.Argument(help="The rule's ref.")]
File = Annotated[Path, typer.Argument(help="The rule's file.", exists=True, dir_okay=False)]
_NAMES = (
    "ref", "label", "description", "trigger", "trigger_parameters", "criteria", "when", "action", "parameters",
    "rate_limit", "owner", "enabled",
)  # fmt: skip


@app.command("list")
def list_(
    pack: Annotated[str | None, typer.Option(help="Only those of this pack.")] = None,
    trigger: Annotated[str | None, typer.Option(help="Only those of this trigger.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """All rules."""
    columns = {"REF": "ref", "TRIGGER": "trigger", "ACTION": "action", "ENABLED": "enabled"}
    show_rows(ask(lambda attune: attune.automation.rules(pack, trigger)), output, columns)


@app.command()
def show(ref: Ref, output: Output = Format.TABLE) -> None:
    """One rule."""
    _show(ask(lambda attune: attune.automation.rule(ref)), output)


@app.command("test")
def try_out(
    rule: Annotated[str, typer.Argument(help="The rule's file, or the ref of a registered one.")],
    event: Annotated[
        Path | None,
        typer.Option(help='JSON or YAML: {"payload": {...}}, or the payload alone.', exists=True, dir_okay=False),
    ] = None,
    event_id: Annotated[int | None, typer.Option(help="An event that was stored, instead of a file.", min=1)] = None,
    output: Output = Format.TABLE,
) -> None:
    """Explain each criterion of a rule for one event; ends with 1 when the rule does not match.

    A file and a file need no running platform. Nothing is started.
    """
    if (event is None) is (event_id is None):
        raise typer.BadParameter("give --event FILE or --event-id ID", param_hint="--event")
    tested = _tested(rule, event, event_id)
    _show_tested(tested, output)
    if not tested.explanation.matched or tested.problem:
        raise typer.Exit(Exit.FAILED)


@app.command()
def create(file: File, output: Output = Format.TABLE) -> None:
    """Make a rule from a file; it acts for whoever makes it. A rule that is there already is changed."""
    from attune_cli.offline.rule_testing import rule_of_file

    spec, _ = rule_of_file(file)
    when = spec.criteria["when"] if spec.criteria and set(spec.criteria) == {"when"} else None
    body = {
        "label": spec.label, "description": spec.description, "trigger": spec.trigger_ref,
        "trigger_parameters": dict(spec.trigger_params), "criteria": None if when is not None else spec.criteria,
        "when": when, "action": spec.action_ref, "parameters": dict(spec.action_params), "enabled": spec.enabled,
        "rate_limit": spec.rate_limit,
    }  # fmt: skip
    _show(ask(lambda attune: _put(attune, spec.ref, body)), output)


@app.command()
def enable(ref: Ref, output: Output = Format.TABLE) -> None:
    """Let it start its action again."""
    _show(ask(lambda attune: attune.automation.change_rule(ref, enabled=True)), output)


@app.command()
def disable(ref: Ref, output: Output = Format.TABLE) -> None:
    """Let events pass it by."""
    _show(ask(lambda attune: attune.automation.change_rule(ref, enabled=False)), output)


@app.command()
def remove(ref: Ref, output: Output = Format.TABLE) -> None:
    """Delete a rule."""
    ask(lambda attune: attune.automation.remove_rule(ref))
    say(f"rule {ref} is removed", output)


async def _put(attune: AsyncAttune, ref: str, body: dict[str, Any]) -> Mapping[str, Any]:
    from attune_client.errors import ApiError

    try:
        return await attune.automation.create_rule({"ref": ref, **body})
    except ApiError as problem:
        if problem.code != "ref_taken":
            raise
        return await attune.automation.change_rule(ref, **body)


def _tested(rule: str, event: Path | None, event_id: int | None) -> Tested:
    from attune_cli.offline.rule_testing import check, event_of_file, rule_of_file, rule_of_record

    if event is not None:
        given = event_of_file(event)
    else:
        stored: Mapping[str, Any] = ask(lambda attune: attune.automation.event(event_id or 0))
        given = dict(stored)
    if Path(rule).is_file():
        spec, config = rule_of_file(Path(rule))
    else:
        found, config = ask(lambda attune: _registered(attune, rule))
        spec = rule_of_record(found)
    return check(spec, given, config)


async def _registered(attune: AsyncAttune, ref: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rule, with its pack's settings; secrets are masked."""
    rule: dict[str, Any] = dict(await attune.automation.rule(ref))
    pack = rule.get("pack_ref")
    found: Mapping[str, Any] = await attune.packs.get(pack) if pack else {}
    return rule, dict(found.get("config") or {})


def _show_tested(tested: Tested, output: Output) -> None:
    record, found = tested.as_record(), tested.explanation
    if output is not Format.TABLE:
        show_record(record, output, {})
        return
    show_rows(_lines(tested), output, {"HOLDS": "sign", "PLACE": "place", "CRITERION": "text"})
    for note in tested.notes:
        say(f"note: {note}")
    say(f"{tested.rule} {'matches' if found.matched else 'does not match'}: {found.reason}")
    if found.matched:
        show_record(record, output, {"action": "action", "parameters": "parameters", "problem": "problem"})


def _lines(tested: Tested) -> list[dict[str, str]]:
    return [
        {"sign": "yes" if line.matched else "no", "place": "  " * line.depth + line.place, "text": line.sentence}
        for line in tested.explanation.lines
    ]


def _show(rule: Mapping[str, Any], output: Output) -> None:
    show_record(rule, output, {name: name for name in _NAMES})
