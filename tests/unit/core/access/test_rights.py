"""Keys with their owners, and what an identity may: everywhere, on a pack, with a secret."""

from __future__ import annotations

from itertools import pairwise

import pytest

from attune_core.access.keys import BadKey, KeyScope, parse_key
from attune_core.access.rights import NOBODY, SYSTEM, rights_of
from attune_core.access.roles import GRANTS, Permission, Role

WEB = rights_of("ada", Role.NONE, {"web": Role.OPERATOR})
ADMIN = rights_of("root", Role.ADMIN, {})
OPERATOR = rights_of("bob", Role.OPERATOR, {})


@pytest.mark.parametrize(
    ("text", "scope", "owner", "pack"),
    [
        ("replicas", KeyScope.SYSTEM, "", None),
        ("web.replicas", KeyScope.SYSTEM, "", "web"),
        ("web.a/b", KeyScope.SYSTEM, "", "web"),
        ("pack:web/a.b", KeyScope.PACK, "web", "web"),
        ("identity:ada/cursor", KeyScope.IDENTITY, "ada", None),
        ("identity:me/cursor", KeyScope.IDENTITY, "bob", None),
        ("queue:a/b", KeyScope.SYSTEM, "", None),
    ],
)
def test_a_key_says_whose_it_is(text: str, scope: KeyScope, owner: str, pack: str | None) -> None:
    key = parse_key(text, "bob")
    assert (key.scope, key.owner, key.pack) == (scope, owner, pack)
    assert parse_key(key.text) == key


@pytest.mark.parametrize(
    "text",
    ["", "a b", "/a", "a/", "a//b", "ä", "a" * 256, "pack:web", "pack:/a", "identity:/a", "pack:we b/a",
     "pack:a.b/c", "value:1", "config:web/key", "identity:-x/a", "a\n", ".", "..", "a/../b", "pack:web/..", "./a"],
)  # fmt: skip
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(BadKey):
        parse_key(text, "bob")


def test_me_needs_somebody() -> None:
    with pytest.raises(BadKey):
        parse_key("identity:me/a")


def test_higher_roles_may_what_lower_ones_may() -> None:
    ladder = [GRANTS[role] for role in (Role.NONE, Role.VIEWER, Role.OPERATOR, Role.AUTHOR, Role.ADMIN)]
    assert all(lower < higher for lower, higher in pairwise(ladder))
    assert Permission.READ not in GRANTS[Role.WORKER]
    assert all(Permission.OPEN not in held for held in GRANTS.values())


def test_a_role_on_a_pack_holds_there_and_nowhere_else() -> None:
    assert WEB.may(Permission.RUN, "web")
    assert not WEB.may(Permission.RUN, "payroll")
    assert not WEB.may(Permission.RUN)
    assert not WEB.may(Permission.AUTHOR, "web")
    assert WEB.packs_with(Permission.RUN) == ("web",)
    assert WEB.packs_with(Permission.AUTHOR) == ()
    assert OPERATOR.packs_with(Permission.RUN) is None


def test_an_admin_of_a_pack_administers_nothing_else() -> None:
    held = rights_of("eve", Role.NONE, {"web": Role.ADMIN})
    assert held.may(Permission.SECRETS, "web")
    assert not held.may(Permission.SECRETS)
    assert not held.may(Permission.ADMIN, "web")
    assert not held.may(Permission.CONTENT, "web")


def test_the_library_is_seen_and_called_and_not_started() -> None:
    assert WEB.sees("core")
    assert not WEB.may(Permission.READ, "core")
    assert WEB.packs_with(Permission.READ) == ("web",)
    assert WEB.packs_with(Permission.READ, library=True) == ("core", "web")
    assert WEB.may_call("core")
    assert not WEB.may(Permission.RUN, "core")
    assert not rights_of("eve", Role.NONE, {}).sees("core")
    assert not rights_of("eve", Role.NONE, {"web": Role.VIEWER}).may_call("core")


def test_keys_of_an_identity_are_its_own_and_the_admins() -> None:
    own, other = parse_key("identity:ada/a"), parse_key("identity:bob/a")
    assert WEB.may_key(Permission.DATA_WRITE, own)
    assert not WEB.may_key(Permission.DATA_READ, other)
    assert not OPERATOR.may_key(Permission.DATA_READ, own)
    assert ADMIN.may_key(Permission.DATA_WRITE, own)


def test_keys_of_a_pack_follow_its_rights() -> None:
    assert WEB.may_key(Permission.DATA_WRITE, parse_key("web.a"))
    assert WEB.may_key(Permission.DATA_WRITE, parse_key("pack:web/a"))
    assert not WEB.may_key(Permission.DATA_READ, parse_key("payroll.a"))
    assert not WEB.may_key(Permission.DATA_READ, parse_key("plain"))
    assert OPERATOR.may_key(Permission.DATA_WRITE, parse_key("plain"))


def test_who_may_use_a_secret() -> None:
    assert WEB.may_use(parse_key("web.key"), [])
    assert not WEB.may_use(parse_key("other_team.key"), [])
    assert WEB.may_use(parse_key("other_team.key"), ["ada"])
    assert not ADMIN.may_use(parse_key("other_team.key"), ["ada"])
    assert OPERATOR.may_use(parse_key("plain"), [])
    assert not ADMIN.may_use(parse_key("identity:ada/a"), [])
    assert WEB.may_use(parse_key("identity:ada/a"), ["bob"])
    assert not SYSTEM.may_use(parse_key("plain"), [])
    assert not NOBODY.may_use(parse_key("plain"), [])


def test_cutting_only_ever_takes_away() -> None:
    cut = WEB.cut(GRANTS[Role.VIEWER])
    assert not cut.may(Permission.RUN, "web")
    assert cut.may(Permission.READ, "web")
    assert not cut.may(Permission.READ, "payroll")
