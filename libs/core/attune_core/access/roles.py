"""Roles and what each of them may: one list that the API asks for requests and the executor for runs."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """`public`: nothing is asked, not even a token; `identified`: any token.

    `data_read`, `data_write`: the datastore; `emit`: events; `run`: start, cancel, answer, and use secrets in runs;
    `author`: rules, workflows, packs; `secrets`: set and remove secrets; `admin`: identities, keys, the audit trail;
    `content`: the files of packs; `open`: the secrets of an execution, for its current attempt alone.
    """

    PUBLIC = "public"
    IDENTIFIED = "identified"
    READ = "read"
    DATA_READ = "data_read"
    DATA_WRITE = "data_write"
    EMIT = "emit"
    RUN = "run"
    AUTHOR = "author"
    SECRETS = "secrets"
    ADMIN = "admin"
    CONTENT = "content"
    OPEN = "open"


class Role(StrEnum):
    """`none` may nothing by itself: it is for identities whose roles are on single packs."""

    NONE = "none"
    VIEWER = "viewer"
    OPERATOR = "operator"
    AUTHOR = "author"
    ADMIN = "admin"
    WORKER = "worker"


Permissions = frozenset[Permission]

_ANYONE: Final = frozenset({Permission.PUBLIC, Permission.IDENTIFIED})
_VIEWER: Final = _ANYONE | {Permission.READ, Permission.DATA_READ}
_OPERATOR: Final = _VIEWER | {Permission.RUN, Permission.EMIT, Permission.DATA_WRITE}
_AUTHOR: Final = _OPERATOR | {Permission.AUTHOR}

GRANTS: Final[dict[Role, Permissions]] = {
    Role.NONE: _ANYONE,
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.AUTHOR: _AUTHOR,
    Role.ADMIN: _AUTHOR | {Permission.SECRETS, Permission.ADMIN, Permission.CONTENT},
    Role.WORKER: _ANYONE | {Permission.CONTENT},
}

EVERYWHERE_ONLY: Final = frozenset({Permission.ADMIN, Permission.CONTENT, Permission.OPEN})
"""What a role on a single pack never gives."""

ACTION_GRANTS: Final = _OPERATOR | {Permission.OPEN}
"""What an action may do at most with the token of its attempt: never more than the identity that it runs for."""


def roles_with(permission: Permission) -> list[Role]:
    """The roles that have it, the least first."""
    return [role for role in Role if permission in GRANTS[role]]


def on_pack(role: Role) -> Permissions:
    """What a role gives when it is held on one pack."""
    return GRANTS[role] - EVERYWHERE_ONLY
