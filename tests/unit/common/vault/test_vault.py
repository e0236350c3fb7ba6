"""Secrets at rest: what is sealed opens under its own name only, and rotation changes the wrapping alone."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attune_common.runtime.settings import Settings
from attune_common.vault.envelope import Sealed, Vault
from attune_common.vault.errors import SecretDamaged, SecretsUnavailable, UnknownMasterKey
from attune_common.vault.keyring import Keyring, new_key, parse_keys


def _vault(*keys: str) -> Vault:
    return Vault(Settings(master_keys=",".join(new_key(key).line if ":" not in key else key for key in keys)))


@pytest.mark.parametrize("value", ["hunter2", "", None, 12, True, {"user": "a", "pass": ["b", 1.5]}, "ö\n\"'\\" * 1000])
def test_any_json_comes_back(value: Any) -> None:
    vault = _vault("one")
    assert vault.open(vault.seal("web.key", value)) == value


def test_nothing_of_the_value_is_stored_or_shown() -> None:
    sealed = _vault("one").seal("web.key", "a-canary-of-a-secret")
    assert b"canary" not in sealed.sealed + sealed.wrapped
    assert repr(sealed) == "Sealed(key='web.key', master_key='one')"


def test_the_same_value_is_never_sealed_the_same_way() -> None:
    vault = _vault("one")
    first, second = vault.seal("a", "x"), vault.seal("a", "x")
    assert first.sealed != second.sealed
    assert first.wrapped != second.wrapped


@pytest.mark.parametrize(
    "change",
    [
        {"key": "other_team.key"},
        {"sealed": b""},
        {"wrapped": b"\0" * 60},
    ],
)
def test_a_row_that_was_changed_or_moved_does_not_open(change: dict[str, Any]) -> None:
    vault = _vault("one")
    with pytest.raises(SecretDamaged):
        vault.open(replace(vault.seal("web.key", "x"), **change))


@pytest.mark.parametrize("field", ["sealed", "wrapped"])
def test_every_byte_counts(field: str) -> None:
    vault = _vault("one")
    sealed = vault.seal("web.key", "x")
    data: bytes = getattr(sealed, field)
    for place in range(len(data)):
        broken = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(SecretDamaged):
            vault.open(replace(sealed, **{field: broken}))


def test_a_wrapped_key_of_another_master_key_does_not_pass_for_ours() -> None:
    """Both keys are here, and the row names the wrong one."""
    one, two = new_key("one"), new_key("two")
    vault = Vault(Settings(master_keys=f"{one.line},{two.line}"))
    with pytest.raises(SecretDamaged):
        vault.open(replace(vault.seal("a", "x"), master_key="two"))


def test_rotation_wraps_anew_and_leaves_the_value_alone() -> None:
    old, new = new_key("old"), new_key("new")
    before = Vault(Settings(master_keys=old.line)).seal("a", "x")
    both = Vault(Settings(master_keys=f"{new.line},{old.line}"))
    after = both.rewrap(before)
    assert after is not None
    assert (after.master_key, after.sealed) == ("new", before.sealed)
    assert both.rewrap(after) is None
    only_new = Vault(Settings(master_keys=new.line))
    assert only_new.open(after) == "x"
    with pytest.raises(UnknownMasterKey):
        only_new.open(before)


def test_without_a_key_nothing_is_sealed_and_the_hint_says_what_to_do() -> None:
    with pytest.raises(SecretsUnavailable) as refused:
        Vault(Settings(master_keys="", master_key_file=None)).seal("a", "x")
    assert "ATTUNE_MASTER_KEY_FILE" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "one",
        "one:",
        "one:short",
        "one:" + base64.b64encode(b"x" * 31).decode(),
        ":" + base64.b64encode(b"x" * 32).decode(),
        "a b:" + base64.b64encode(b"x" * 32).decode(),
    ],
)
def test_a_bad_key_is_named_by_its_line_and_never_shown(text: str) -> None:
    with pytest.raises(SecretsUnavailable) as refused:
        parse_keys([text], "keys")
    assert "key 1" in str(refused.value)
    assert "eHh4" not in str(refused.value)


def test_two_keys_of_one_id_are_refused() -> None:
    with pytest.raises(SecretsUnavailable, match="key 2"):
        parse_keys([new_key("a").line, new_key("a").line], "keys")


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    first, second = new_key("first"), new_key("second")
    file.write_text(f"# ours\n{first.line}\n")
    ring = Keyring(Settings(master_key_file=file))
    assert ring.primary == first
    file.write_text(f"{second.line}\n{first.line}\n")
    assert ring.primary == second
    assert ring.get("first") == first


def test_a_file_that_is_gone_is_told_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(SecretsUnavailable, match="nowhere"):
        _ = Keyring(Settings(master_key_file=tmp_path / "nowhere")).primary


def test_fingerprints_differ_by_key_and_by_input() -> None:
    one, two = new_key("one"), new_key("two")
    assert one.fingerprint(b"x") == one.fingerprint(b"x")
    assert len({one.fingerprint(b"x"), one.fingerprint(b"y"), two.fingerprint(b"x")}) == 3


def test_an_empty_variable_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_MASTER_KEY_FILE", "")
    assert Settings().master_key_file is None
    assert "eHh4" not in repr(Settings(master_keys="a:eHh4"))


def test_sealed_rows_are_plain_data() -> None:
    assert Sealed("a", "one", b"w", b"s") == Sealed("a", "one", b"w", b"s")
