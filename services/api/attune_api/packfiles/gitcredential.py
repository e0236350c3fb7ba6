"""What a private repository asks for: a secret that names the one server that may have it.

Whoever may use the secret could otherwise send it to a server of their own, by the address that they register from.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from attune_api.auth import Principal
from attune_api.context import Context
from attune_api.errors import Invalid
from attune_api.keys import named
from attune_api.packfiles.giturl import GitUrl
from attune_common.store import audit, secrets

_HINT = 'attune secret set KEY --json, with {"host": "git.example.com", "username": "ada", "password": "a token"}'
_MEMBERS = ("host", "username", "password")


async def authorization(context: Context, caller: Principal, key: str, url: GitUrl) -> str:
    """The header that git sends to this server and to no other. Errors: Invalid, SecretsUnavailable."""
    found = named(caller, key, "body.credential")
    audit.about("", credential=found.text)
    async with context.store.connection() as connection:
        readers = await secrets.readers(connection, [found.text])
        sealed = (await secrets.sealed(connection, [found.text])).get(found.text)
    if sealed is None or not caller.rights.may_use(found, readers[found.text]):
        raise _wrong(f"there is no secret {found.text!r} that you may use")
    return _header(context.vault.open(sealed), url, found.text)


def _header(value: Any, url: GitUrl, key: str) -> str:
    given = value if isinstance(value, Mapping) else {}
    host, username, password = (given.get(name) for name in _MEMBERS)
    if not (isinstance(host, str) and isinstance(username, str) and isinstance(password, str)):
        raise _wrong(f"the secret {key!r} needs the texts {', '.join(_MEMBERS)}")
    if host.lower() not in (url.host, f"{url.host}:{url.port}"):
        raise _wrong(f"the secret {key!r} is for another server than {url.host or 'a local repository'}")
    return f"Authorization: Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


def _wrong(message: str) -> Invalid:
    return Invalid.at("body.credential", message, code="bad_credential", hint=_HINT)
