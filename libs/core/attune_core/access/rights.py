"""The rights of one identity: what its role gives everywhere, and what it has on single packs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from attune_core.access.keys import Key, KeyScope
from attune_core.access.roles import GRANTS, Permission, Permissions, Role, on_pack

LIBRARY = "core"
"""The pack that everybody may see who may see any, and whose actions every workflow may use."""


@dataclass(frozen=True, slots=True)
class Rights:
    """`login` is None for the platform itself, which acts for nobody and therefore reads no secret."""

    login: str | None
    everywhere: Permissions
    packs: Mapping[str, Permissions] = field(default_factory=dict)

    def may(self, permission: Permission, pack: str | None = None) -> bool:
        """Whether it may everywhere or, when a pack is named, on that pack."""
        if permission in self.everywhere:
            return True
        if pack is None:
            return False
        return permission in self.packs.get(pack, frozenset())

    def sees(self, pack: str) -> bool:
        """Whether it may see what the pack brings: actions, workflows, triggers. Not what was done with them."""
        return self.may(Permission.READ, pack) or (pack == LIBRARY and self.may_somewhere(Permission.READ))

    def may_call(self, pack: str) -> bool:
        """Whether a workflow that runs for the identity may use actions of the pack."""
        return self.may(Permission.RUN, pack) or (pack == LIBRARY and self.may_somewhere(Permission.RUN))

    def may_somewhere(self, permission: Permission) -> bool:
        return permission in self.everywhere or any(permission in held for held in self.packs.values())

    def packs_with(self, permission: Permission, *, library: bool = False) -> tuple[str, ...] | None:
        """The packs on which it may; None for all of them, and for what belongs to none. `library`: see `sees`."""
        if permission in self.everywhere:
            return None
        found = {pack for pack, held in self.packs.items() if permission in held}
        if found and library:
            found.add(LIBRARY)
        return tuple(sorted(found))

    def may_key(self, permission: Permission, key: Key) -> bool:
        """For datastore keys and secrets. Those of an identity are its own, and an administrator's to look after."""
        if key.scope is KeyScope.IDENTITY:
            own = key.owner == self.login and self.may_somewhere(permission)
            return own or (Permission.ADMIN in self.everywhere and permission in self.everywhere)
        return self.may(permission, key.pack)

    def may_use(self, key: Key, readers: Iterable[str]) -> bool:
        """Whether a run for this identity may use the secret. `readers` (logins), when there are any, are the only."""
        if self.login is None:
            return False
        if key.scope is KeyScope.IDENTITY:
            return key.owner == self.login
        named = frozenset(readers)
        return self.login in named if named else self.may(Permission.RUN, key.pack)

    def cut(self, permissions: Permissions) -> Rights:
        """No more than these, wherever."""
        packs = {pack: held & permissions for pack, held in self.packs.items()}
        return Rights(self.login, self.everywhere & permissions, packs)


SYSTEM = Rights(None, GRANTS[Role.OPERATOR])
"""The platform itself: executions that nobody in particular asked for."""

NOBODY = Rights(None, frozenset())


def rights_of(login: str, role: Role, grants: Mapping[str, Role]) -> Rights:
    """The rights of an identity with a role everywhere and roles on packs."""
    return Rights(login, GRANTS[role], {pack: on_pack(held) for pack, held in grants.items()})
