"""Logging in, tokens, identities, profiles: by the command line alone."""

from __future__ import annotations

import asyncio
import json

from tests.integration.cli.conftest import ADMIN, CommandLine
from tests.support.waiting import until

PASSWORD = "a long enough password"


async def _ada(attune: CommandLine, role: str = "viewer") -> None:
    made = await attune.json(
        "identity", "create", "ada", "--role", role, "--password", "--label", "Ada", stdin=PASSWORD, **attune.as_admin
    )
    assert (made["login"], made["kind"], made["role"], made["has_password"]) == ("ada", "user", role, True)


async def test_a_login_is_kept_in_a_private_profile(attune: CommandLine) -> None:
    await _ada(attune)
    assert await attune.refused("whoami") == "unauthenticated"
    shown = await attune.ok("login", "ada", stdin=PASSWORD)
    mode, text = attune.config()
    assert mode == 0o600
    profile = json.loads(text)["profiles"]["default"]
    assert PASSWORD not in text
    assert profile["token"] not in shown
    assert profile["expires"]
    who = await attune.json("whoami")
    assert (who["login"], who["role"], who["api"]) == ("ada", "viewer", attune.env["ATTUNE_API_URL"])
    nowhere = {"ATTUNE_API_URL": ""}
    assert (await attune.json("whoami", **nowhere))["login"] == "ada"
    assert "expires" in (await attune.json("config", "list"))[0]
    await attune.ok("logout")
    assert await attune.refused("whoami") == "unauthenticated"
    assert await attune.refused("whoami", ATTUNE_API_TOKEN=profile["token"]) == "unauthenticated"


async def test_wrong_passwords_are_refused_and_soon_nobody_gets_in(attune: CommandLine) -> None:
    await _ada(attune)
    for _ in range(5):
        assert await attune.refused("login", "ada", stdin="not this one") == "bad_login"
    assert await attune.refused("login", "ada", stdin=PASSWORD) == "too_many_failures"
    assert attune.config() == (0, "")


async def test_profiles_stand_side_by_side_and_a_token_stays_with_its_address(attune: CommandLine) -> None:
    await _ada(attune)
    await attune.ok("login", "ada", stdin=PASSWORD)
    await attune.ok("--profile", "boss", "login", "--token", stdin=ADMIN)
    assert (await attune.json("whoami"))["login"] == "admin"
    assert (await attune.json("--profile", "default", "whoami"))["login"] == "ada"
    assert (await attune.json("whoami", ATTUNE_PROFILE="default"))["login"] == "ada"
    await attune.ok("config", "use", "default")
    assert (await attune.json("whoami"))["login"] == "ada"
    assert await attune.refused("--profile", "nobody", "whoami") == "unknown_profile"
    assert await attune.refused("config", "use", "nobody") == "unknown_profile"
    elsewhere = await attune.run("--profile", "boss", "--api-url", "http://127.0.0.1:1", "whoami")
    assert getattr(elsewhere.exception, "code", "") == "api_unreachable"
    await attune.ok("config", "remove", "boss")
    assert [one["name"] for one in await attune.json("config", "list")] == ["default"]


async def test_a_file_that_others_can_read_is_not_used(attune: CommandLine) -> None:
    await _ada(attune)
    await attune.ok("login", "ada", stdin=PASSWORD)
    attune.configure(0o644)
    assert await attune.refused("whoami") == "credentials_exposed"
    attune.configure(0o600, "{")
    assert await attune.refused("whoami") == "bad_profiles"


async def test_tokens_are_made_listed_cut_and_revoked(attune: CommandLine) -> None:
    await _ada(attune, "author")
    await attune.ok("login", "ada", stdin=PASSWORD)
    made = await attune.json("token", "create", "--label", "ci", "--role", "viewer", "--expires", "30d")
    assert made["expires"] is not None
    asked = {"ATTUNE_API_TOKEN": made["token"]}
    assert (await attune.json("whoami", **asked))["role"] == "viewer"
    assert await attune.refused("kv", "set", "a", "1", **asked) == "forbidden"
    [shown] = [one for one in await attune.json("token", "list") if one["id"] == made["id"]]
    assert (shown["label"], shown["most"], "token" in shown) == ("ci", "viewer", False)
    assert await attune.refused("token", "create", "--role", "admin") == "forbidden"
    assert (await attune.json("whoami"))["kind"] == "user"
    scoped = await attune.json("token", "create", "--scope", "data_read")
    assert (await attune.json("whoami", ATTUNE_API_TOKEN=scoped["token"]))["permissions"] == [
        "data_read", "identified", "public",
    ]  # fmt: skip
    await attune.ok("token", "revoke", made["id"])
    assert await attune.refused("whoami", **asked) == "unauthenticated"
    assert made["id"] not in [one["id"] for one in await attune.json("token", "list")]
    assert made["id"] in [one["id"] for one in await attune.json("token", "list", "--all")]
    assert await attune.refused("token", "revoke", "0" * 16) == "not_found"


async def test_services_roles_on_packs_and_disabling(attune: CommandLine) -> None:
    admin = attune.as_admin
    await attune.ok("identity", "create", "robot", "--service", **admin)
    token = await attune.json("token", "create", "--login", "robot", **admin)
    robot = {"ATTUNE_API_TOKEN": token["token"]}
    assert (await attune.json("whoami", **robot))["kind"] == "service"
    assert await attune.refused("kv", "set", "pack:core/a", "1", **robot) == "forbidden"
    given = await attune.json("identity", "grant", "robot", "core", "operator", **admin)
    assert (given["pack"], given["role"]) == ("core", "operator")
    await attune.ok("kv", "set", "pack:core/a", "1", **robot)
    assert await attune.refused("kv", "set", "pack:other/a", "1", **robot) == "not_found"
    assert (await attune.json("identity", "show", "robot", **admin))["grants"] == {"core": "operator"}
    await attune.ok("identity", "change", "robot", "--disable", **admin)
    assert await attune.refused("whoami", **robot) == "unauthenticated"
    await attune.ok("identity", "change", "robot", "--enable", "--label", "Robot", **admin)
    await attune.ok("identity", "ungrant", "robot", "core", **admin)
    assert await attune.refused("kv", "get", "pack:core/a", **robot) == "forbidden"
    assert {one["login"] for one in await attune.json("identity", "list", "--kind", "service", **admin)} >= {"robot"}
    await attune.ok("identity", "delete", "robot", **admin)
    assert await attune.refused("identity", "show", "robot", **admin) == "not_found"


async def test_passwords_are_changed_by_their_owner_and_by_administrators(attune: CommandLine) -> None:
    await _ada(attune)
    await attune.ok("login", "ada", stdin=PASSWORD)
    assert await attune.refused("identity", "password", "ada", stdin="wrong one\nanother password") == "bad_password"
    await attune.ok("identity", "password", "ada", stdin=f"{PASSWORD}\nanother password")
    assert (await attune.json("whoami"))["login"] == "ada"
    await attune.ok("identity", "password", "ada", stdin="one by the boss", **attune.as_admin)
    assert await attune.refused("whoami") == "unauthenticated"
    await attune.ok("login", "ada", stdin="one by the boss")
    assert "nobody is here" in await attune.refused("login", "ada", stdin="")


async def test_a_login_at_the_identity_provider(attune: CommandLine) -> None:
    login = asyncio.create_task(attune.run("login", "--oidc"))
    claims = {"sub": "u-9", "preferred_username": "grace", "groups": ["devs"]}

    def confirmed() -> bool:
        return login.done() or attune.provider.post("/test/confirm", claims)["confirmed"] > 0

    await until(confirmed, 20, "the device to ask")
    done = await login
    assert done.exit_code == 0, done.output
    assert "ABCD-EFGH" in done.stderr
    who = await attune.json("whoami")
    assert (who["login"], who["role"]) == ("grace", "author")
