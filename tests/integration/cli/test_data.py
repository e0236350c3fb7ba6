"""The datastore, secrets and the audit trail: by the command line alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.integration.cli.conftest import ADMIN, CommandLine

from attune_common.runtime.settings import Settings
from attune_common.store.store import Store

CANARY = "canary-0123456789"


@pytest.fixture
def admin(attune: CommandLine) -> CommandLine:
    attune.env["ATTUNE_API_TOKEN"] = ADMIN
    return attune


async def test_values_of_every_kind_in_every_scope(admin: CommandLine) -> None:
    for key in ("plain", "web.dotted", "pack:core/of/pack", "identity:me/own"):
        for value in ('{"a": [1, null, true]}', "1.5", "null", '"text"', "[]"):
            await admin.ok("kv", "set", key, value)
            assert json.loads(await admin.ok("kv", "get", key, "-o", "json")) == json.loads(value)
    assert {one["key"] for one in await admin.json("kv", "list")} == {
        "plain", "web.dotted", "pack:core/of/pack", "identity:admin/own",
    }  # fmt: skip
    assert [one["key"] for one in await admin.json("kv", "list", "pack:")] == ["pack:core/of/pack"]
    assert await admin.refused("kv", "set", "pack:cores/a", "1") == "not_found"
    assert await admin.refused("kv", "set", "pack:", "1") == "bad_key"


async def test_compare_and_set_increment_and_ends(admin: CommandLine) -> None:
    await admin.ok("kv", "set", "a", "1", "--new")
    assert await admin.refused("kv", "set", "a", "2", "--new") == "precondition_failed"
    version = str((await admin.json("kv", "show", "a"))["version"])
    await admin.ok("kv", "set", "a", "2", "--version", version)
    assert await admin.refused("kv", "set", "a", "3", "--version", version) == "precondition_failed"
    assert await admin.refused("kv", "delete", "a", "--version", version) == "precondition_failed"
    assert await admin.json("kv", "increment", "a", "--by", "2.5") == 4.5
    assert await admin.json("kv", "increment", "fresh", "--ttl", "1h") == 1
    assert (await admin.json("kv", "show", "fresh"))["expires"] is not None
    await admin.ok("kv", "set", "text", "words")
    assert await admin.refused("kv", "increment", "text") == "not_a_number"
    await admin.ok("kv", "delete", "a")
    assert await admin.refused("kv", "get", "a") == "not_found"
    assert "no span" in await admin.refused("kv", "set", "a", "1", "--ttl", "soon")


async def test_a_secret_comes_from_stdin_or_a_file_and_is_shown_only_on_demand(
    admin: CommandLine, tmp_path: Path
) -> None:
    made = await admin.ok("secret", "set", "db.password", "--description", "d", "--reader", "ada", stdin=CANARY + "\n")
    assert CANARY not in made
    assert CANARY not in await admin.ok("secret", "get", "db.password")
    assert CANARY not in await admin.ok("secret", "list")
    assert await admin.json("secret", "get", "db.password", "--reveal") == CANARY
    (tmp_path / "key.pem").write_text("one\ntwo\n")
    await admin.ok("secret", "set", "pack:web/key", "--file", str(tmp_path / "key.pem"))
    assert await admin.json("secret", "get", "pack:web/key", "--reveal") == "one\ntwo\n"
    await admin.ok("secret", "set", "map", "--json", stdin='{"user": "u", "port": 5432}')
    assert await admin.json("secret", "get", "map", "--reveal") == {"user": "u", "port": 5432}
    bad = await admin.run("secret", "set", "map", "--json", stdin=f"{{{CANARY}")
    assert (bad.exit_code, CANARY in bad.output) == (2, False)
    assert await admin.refused("secret", "set", "map", "--new", stdin="x") == "precondition_failed"
    assert "nothing on stdin" in await admin.refused("secret", "set", "empty")
    await admin.ok("secret", "delete", "map")
    assert await admin.refused("secret", "get", "map") == "not_found"
    trail = await admin.json("audit", "list", "--action", "secret.reveal")
    assert [row["subject"] for row in trail] == ["map", "pack:web/key", "db.password"]


async def test_rotation(admin: CommandLine) -> None:
    for name in ("a", "b"):
        await admin.ok("secret", "set", name, stdin=f"value of {name}")
    printed = await admin.ok("secret", "keygen", "--id", "unused")
    assert printed.startswith("unused:")
    made = await admin.json("secret", "keygen", "--file", str(admin.keys), "--id", "new")
    assert made == {"id": "new", "file": str(admin.keys)}
    assert await admin.refused("secret", "keygen", "--file", str(admin.keys), "--id", "new") == "secrets_unavailable"
    assert (await admin.json("secret", "get", "a"))["master_key"] == "old"
    done = await admin.json("secret", "rotate")
    assert (done["secrets"], done["failed"], done["wrapped_by"]) == (2, [], {"new": 2})
    admin.keys.write_text(admin.keys.read_text().splitlines()[0])
    assert await admin.json("secret", "get", "b", "--reveal") == "value of b"


async def test_the_trail_is_listed_exported_and_checked(admin: CommandLine, tmp_path: Path, database_url: str) -> None:
    await admin.ok("kv", "set", "a", "1")
    [row] = await admin.json("audit", "list", "--action", "kv.put", "--since", "1h")
    assert (row["login"], row["subject"], row["outcome"]) == ("admin", "a", "done")
    found = await admin.json("audit", "verify")
    assert found["ok"]
    seen = f"{found['last']}:{found['head']}"
    file = tmp_path / "trail.jsonl"
    await admin.ok("audit", "export", "--file", str(file))
    assert (await admin.json("audit", "verify", "--file", str(file), "--seen", seen))["ok"]
    file.write_text(file.read_text().replace('"kv.put"', '"kv.get"'))
    forged = await admin.run("audit", "verify", "--file", str(file), "-o", "json")
    assert forged.exit_code == 1
    assert [one["what"] for one in json.loads(forged.stdout)["broken"]] == ["changed"]
    assert "POSITION:HASH" in await admin.refused("audit", "verify", "--seen", "x")
    await admin.ok("kv", "set", "a", "2")
    found = await admin.json("audit", "verify", "--seen", seen)
    assert found["ok"]
    await _cut_off(database_url, found["last"])
    assert (await admin.json("audit", "verify"))["ok"]
    cut = await admin.run("audit", "verify", "--seen", f"{found['last']}:{found['head']}")
    assert cut.exit_code == 1
    assert "unseen" in cut.stdout


async def _cut_off(url: str, position: int) -> None:
    """What somebody with all rights on the database can do."""
    store = Store(Settings(database_url=url))
    await store.open()
    async with store.unit() as unit:
        await unit.execute("ALTER TABLE attune.audit DISABLE TRIGGER USER")
        await unit.execute("DELETE FROM attune.audit WHERE position >= $1", position)
        await unit.execute("ALTER TABLE attune.audit ENABLE TRIGGER USER")
    await store.close()
