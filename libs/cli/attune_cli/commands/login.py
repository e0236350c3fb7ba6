"""`attune login`, `logout`, `whoami`: who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from attune_cli import private, session
from attune_cli.output import Format, Output, console, say, show_record

if TYPE_CHECKING:
    from attune_client import AsyncAttune
    from attune_client.profiles import Profile

_WHO = {"login": "login", "role": "role", "kind": "kind", "api": "api", "everywhere": "permissions", "packs": "packs"}


def add_to(app: typer.Typer) -> None:
    for command in (login, logout, whoami):
        app.command()(command)


def login(
    name: Annotated[str, typer.Argument(help="Your login; asked for when it is missing.")] = "",
    token: Annotated[bool, typer.Option("--token", help="With a token instead of a password.")] = False,
    oidc: Annotated[bool, typer.Option("--oidc", help="At the identity provider of the platform.")] = False,
    link: Annotated[
        bool, typer.Option("--link", help="With --oidc: that login is, from now on, who you are already.")
    ] = False,
    output: Output = Format.TABLE,
) -> None:
    """Log in, and keep the session in a private file.

    The password (or the token) is asked for, or read from stdin; it is never an argument, which others could see.
    With `--profile NAME` before the command several platforms and logins are kept side by side.
    """
    if token and oidc:
        raise typer.BadParameter("give either --token or --oidc")
    if link:
        if not oidc:
            raise typer.BadParameter("--link goes with --oidc")
        say(f"{session.ask(_link)} is linked with that login", output)
        return
    found = session.ask_at(*_place(), lambda attune: _log_in(attune, name, token=token, oidc=oidc))
    where = _keep(found["profile"])
    show_record(found["who"], output, _WHO)
    until = found["profile"].expires
    say(f"kept as profile {where}" + (f", until {until}" if until else ""), output)


def logout(output: Output = Format.TABLE) -> None:
    """End the session of the profile, and forget it."""
    from attune_client import profiles
    from attune_client.errors import ApiError

    kept = profiles.load()
    name = session.profile() or kept.current
    profile = kept.get(name)
    try:
        session.ask_at(profile.api_url, profile.token, lambda attune: attune.access.logout())
    except ApiError as problem:
        if problem.status != 401:
            raise
    del kept.known[name]
    kept.current = "" if kept.current == name else kept.current
    profiles.save(kept)
    say(f"logged out of {profile.api_url}", output)


def whoami(output: Output = Format.TABLE) -> None:
    """Who you are to the platform, and what you may."""
    show_record(session.ask(_who), output, _WHO)


async def _who(attune: AsyncAttune) -> dict[str, Any]:
    return {**await attune.access.whoami(), "api": attune.transport.address.url}


def _place() -> tuple[str, str]:
    """Where to log in, and no token: an old one must not be sent. A profile may be new, and may have a new address."""
    from attune_client import discovery, profiles

    url, named = session.chosen()
    kept = profiles.load().known.get(named or "")
    return discovery.find(url or (kept.api_url if kept else "")).url, ""


async def _log_in(attune: AsyncAttune, name: str, *, token: bool, oidc: bool) -> dict[str, Any]:
    from attune_client.profiles import Profile

    url = attune.transport.address.url
    if token:
        made: Any = {"token": private.read("Token"), "expires": None}
    elif oidc:
        made = await _by_oidc(attune)
    else:
        _warn_of_plain_text(url)
        made = await attune.access.login(name or str(typer.prompt("Login", err=True)), private.read("Password"))
    attune.transport.use(made["token"])
    who = await _who(attune)
    return {"who": who, "profile": Profile(url, made["token"], who["login"], made["expires"] or "")}


async def _by_oidc(attune: AsyncAttune) -> Any:
    return await attune.access.login_oidc(await _given(attune))


async def _given(attune: AsyncAttune) -> str:
    from attune_cli.device_login import device_token

    provider = await attune.access.oidc()
    return await device_token(provider, lambda text: console(stderr=True).print(text, markup=False))


async def _link(attune: AsyncAttune) -> str:
    who = await attune.access.whoami()
    token = await _given(attune)
    await attune.access.link_oidc(token, private.read(f"Password of {who['login']}"))
    return who["login"]


def _warn_of_plain_text(url: str) -> None:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        console(stderr=True).print(f"warning: {url} is not encrypted: others may read your password", style="yellow")


def _keep(profile: Profile) -> str:
    from attune_client import profiles

    kept = profiles.load()
    name = session.profile() or profiles.DEFAULT
    kept.known[name] = profile
    kept.current = name
    profiles.save(kept)
    return f"{name} in {profiles.path()}"
