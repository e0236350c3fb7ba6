"""`attune identity`: people and services, their roles, their passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli import private
from attune_cli.output import Format, Output, say, show_record, show_rows
from attune_cli.session import ask

if TYPE_CHECKING:
    from attune_client import AsyncAttune

app = typer.Typer(name="identity", help="Identities: who may do what.", no_args_is_help=True)
Login = Annotated[str, typer.Argument(help="The login.")]
Pack = Annotated[str, typer.Argument(help="The pack's ref.")]
_ROLES = "none, viewer, operator, author or admin"
_FIELDS = {
    "login": "login", "kind": "kind", "role": "role", "on packs": "grants", "label": "label", "enabled": "enabled",
    "password": "has_password", "created": "created",
}  # fmt: skip


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(help="user or service.")] = None,
    role: Annotated[str | None, typer.Option(help="Only those with this role.")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Everybody."""
    columns = {"LOGIN": "login", "KIND": "kind", "ROLE": "role", "ON PACKS": "grants", "ENABLED": "enabled"}
    show_rows(ask(lambda attune: attune.identities.list(kind=kind, role=role)), output, columns)


@app.command()
def show(login: Login, output: Output = Format.TABLE) -> None:
    """One of them."""
    show_record(ask(lambda attune: attune.identities.get(login)), output, _FIELDS)


@app.command()
def create(
    login: Login,
    role: Annotated[str, typer.Option(help=f"Everywhere: {_ROLES}.")] = "none",
    service: Annotated[bool, typer.Option("--service", help="A program: it has tokens, and no password.")] = False,
    password: Annotated[bool, typer.Option("--password", help="Ask for a password, or read it from stdin.")] = False,
    label: Annotated[str, typer.Option(help="Who or what it is.")] = "",
    output: Output = Format.TABLE,
) -> None:
    """Make an identity. Roles on single packs come with `attune identity grant`."""
    kind, given = "service" if service else "user", private.read("Password", confirm=True) if password else None
    made = ask(lambda attune: attune.identities.create(login, kind=kind, role=role, label=label, password=given))
    show_record(made, output, _FIELDS)


@app.command()
def change(
    login: Login,
    role: Annotated[str | None, typer.Option(help=f"Everywhere: {_ROLES}.")] = None,
    label: Annotated[str | None, typer.Option()] = None,
    enable: Annotated[bool | None, typer.Option("--enable/--disable", help="May it do anything at all?")] = None,
    output: Output = Format.TABLE,
) -> None:
    """Change its role or its label; disable or enable it. It takes effect at once."""
    given: dict[str, Any] = {"role": role, "label": label, "enabled": enable}
    changes = {name: value for name, value in given.items() if value is not None}
    show_record(ask(lambda attune: attune.identities.change(login, **changes)), output, _FIELDS)


@app.command()
def delete(login: Login, output: Output = Format.TABLE) -> None:
    """Remove it with its tokens, its keys and its secrets."""
    ask(lambda attune: attune.identities.remove(login))
    say(f"{login} is removed", output)


@app.command()
def password(login: Login, output: Output = Format.TABLE) -> None:
    """Set a password; its other sessions end. Your own needs the present one, first."""
    ask(lambda attune: _set_password(attune, login))
    say(f"the password of {login} is set", output)


@app.command()
def grant(
    login: Login,
    pack: Pack,
    role: Annotated[str, typer.Argument(help="viewer, operator, author or admin.")],
    output: Output = Format.TABLE,
) -> None:
    """Give a role on one pack, over the role that it has everywhere."""
    given = ask(lambda attune: attune.identities.grant(login, pack, role))
    show_record(given, output, {"pack": "pack", "role": "role"})


@app.command()
def ungrant(login: Login, pack: Pack, output: Output = Format.TABLE) -> None:
    """Take a role on a pack."""
    ask(lambda attune: attune.identities.ungrant(login, pack))
    say(f"{login} has no role of its own on {pack} any more", output)


@app.command()
def unlink(login: Login, output: Output = Format.TABLE) -> None:
    """Undo `attune login --oidc --link`: that login of the identity provider is nobody from then on."""
    ask(lambda attune: attune.identities.unlink(login))
    say(f"{login} is not linked any more", output)


async def _set_password(attune: AsyncAttune, login: str) -> None:
    who = await attune.access.whoami()
    current = None if "admin" in who["permissions"] else private.read("Present password")
    await attune.identities.set_password(login, private.read("New password", confirm=True), current)
