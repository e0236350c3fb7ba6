"""Who may do what: five roles, and one permission that every route declares."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a route asks of its caller. `public`: nothing, not even a token; `identified`: any token.

    `data_read`, `data_write`: the datastore; `emit`: events; `content`: the files of packs.
    """

    PUBLIC = "public"
    IDENTIFIED = "identified"
    READ = "read"
    DATA_READ = "data_read"
    DATA_WRITE = "data_write"
    EMIT = "emit"
    RUN = "run"
    AUTHOR = "author"
    ADMIN = "admin"
    CONTENT = "content"


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    AUTHOR = "author"
    ADMIN = "admin"
    WORKER = "worker"


_ANYONE = frozenset({Permission.PUBLIC, Permission.IDENTIFIED})
_VIEWER = _ANYONE | {Permission.READ, Permission.DATA_READ}
_OPERATOR = _VIEWER | {Permission.RUN, Permission.EMIT, Permission.DATA_WRITE}
_AUTHOR = _OPERATOR | {Permission.AUTHOR}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.AUTHOR: _AUTHOR,
    Role.ADMIN: _AUTHOR | {Permission.ADMIN, Permission.CONTENT},
    Role.WORKER: _ANYONE | {Permission.CONTENT},
}

ACTION_GRANTS = _OPERATOR
"""What an action may do at most with the token of its execution: never more than the identity that it runs for."""


def roles_with(permission: Permission) -> list[Role]:
    """The roles that have it, the least first."""
    return [role for role in Role if permission in GRANTS[role]]
