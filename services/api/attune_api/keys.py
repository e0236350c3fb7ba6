"""Keys in requests: read, and seen only by those who may."""

from __future__ import annotations

from attune_api.auth import HIDDEN, Principal
from attune_api.errors import Invalid, NotFound
from attune_api.permissions import Permission
from attune_core.access.keys import BadKey, Key, parse_key


def key_for(caller: Principal, text: str, permission: Permission, see: Permission) -> Key:
    """The key, when the caller may do this with it. Errors: Invalid, NotFound (may not `see` it), Forbidden."""
    key = named(caller, text)
    if caller.rights.may_key(permission, key):
        return key
    if caller.rights.may_key(see, key):
        raise caller.refusal(permission)
    raise NotFound(HIDDEN)


def named(caller: Principal, text: str, place: str = "path.key") -> Key:
    """Errors: Invalid."""
    try:
        return parse_key(text, caller.rights.login)
    except BadKey as problem:
        raise Invalid.at(place, problem.message, code=problem.code, hint=problem.hint) from problem


def visible_beginnings(caller: Principal, permission: Permission) -> list[str] | None:
    """For lists: what keys begin with that the caller may see; None for all."""
    packs = caller.rights.packs_with(permission)
    if packs is None:
        return None
    own = [f"identity:{caller.rights.login}/"] if caller.rights.login else []
    return [beginning for pack in packs for beginning in (f"{pack}.", f"pack:{pack}/")] + own


def only_own(caller: Principal) -> str | None:
    """Whose identity keys a list shows: one's own; None, which is all, for administrators."""
    return None if Permission.ADMIN in caller.granted else caller.rights.login or ""
