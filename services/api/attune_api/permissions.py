"""Who may do what: five roles, and one permission that every route declares."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """What a route asks of its caller. `public`: nothing, not even a token."""

    PUBLIC = "public"
    IDENTIFIED = "identified"
    READ = "read"
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


_VIEWER = frozenset({Permission.PUBLIC, Permission.IDENTIFIED, Permission.READ})
_OPERATOR = _VIEWER | {Permission.RUN}
_AUTHOR = _OPERATOR | {Permission.AUTHOR}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.AUTHOR: _AUTHOR,
    Role.ADMIN: _AUTHOR | {Permission.ADMIN, Permission.CONTENT},
    Role.WORKER: frozenset({Permission.PUBLIC, Permission.IDENTIFIED, Permission.CONTENT}),
}
