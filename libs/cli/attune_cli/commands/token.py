"""`attune token`: tokens for programs."""

from __future__ import annotations

from typing import Annotated

import typer

from attune_cli import moments
from attune_cli.output import Format, Output, say, show_record, show_rows
from attune_cli.session import ask

app = typer.Typer(name="token", help="Tokens for programs, yours and others'.", no_args_is_help=True)


@app.command()
def create(
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    login: Annotated[
        str | None, typer.Option(help="For this identity, as an administrator; else for yourself.")
    ] = None,
    role: Annotated[str | None, typer.Option(help="At most this role; of a new identity its role.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="At most these permissions. Repeatable.")] = None,
    expires: Annotated[str | None, typer.Option(help="When it ends: 30d, 12h, or a date. [default: never]")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Make a token. It is shown this one time."""
    until = moments.moment(expires)
    work = lambda attune: attune.access.make_token(  # noqa: E731
        login=login, role=role, scopes=scope or None, label=label, expires=until
    )
    fields = ("token", "id", "login", "role", "label", "expires")
    show_record(ask(work), output, {name: name for name in fields})
    say("it is not shown again: keep it where only its program can read it", output)


@app.command("list")
def list_(
    login: Annotated[str | None, typer.Option(help="Only those of this identity.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Those that were revoked or have ended, too.")] = False,
    output: Output = Format.TABLE,
) -> None:
    """Your tokens; an administrator sees those of all."""
    found = ask(lambda attune: attune.access.tokens(login))
    shown = found if all_ else [token for token in found if not _over(token.get("revoked"), token.get("expires"))]
    columns = {
        "ID": "id", "LOGIN": "login", "KIND": "kind", "LABEL": "label", "AT MOST": "most", "SCOPES": "scopes",
        "EXPIRES": "expires", "REVOKED": "revoked",
    }  # fmt: skip
    show_rows(shown, output, columns)


@app.command()
def revoke(token: Annotated[str, typer.Argument(help="Its id.")], output: Output = Format.TABLE) -> None:
    """End a token at once."""
    ask(lambda attune: attune.access.revoke(token))
    say(f"{token} is revoked", output)


def _over(revoked: str | None, expires: str | None) -> bool:
    from datetime import UTC, datetime

    return revoked is not None or (expires is not None and datetime.fromisoformat(expires) < datetime.now(UTC))
