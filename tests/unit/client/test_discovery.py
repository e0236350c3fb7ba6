"""Whose address and whose token."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attune_client import profiles
from attune_client.discovery import DEFAULT_URL, find
from attune_client.profiles import Profile, Profiles, UnknownProfile


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTUNE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ATTUNE_CONFIG", str(tmp_path / "config.json"))
    for name in ("ATTUNE_API_URL", "ATTUNE_API_TOKEN", "ATTUNE_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def _announce(home: Path) -> None:
    (home / "dev.json").write_text(json.dumps({"api_url": "http://127.0.0.1:9999", "pid": 1}))
    (home / "token").write_text("att_dev_secret\n")


def test_nothing_known_is_the_default_address(home: Path) -> None:
    assert (find().url, find().token) == (DEFAULT_URL, "")


def test_a_running_dev_is_found_with_its_token(home: Path) -> None:
    _announce(home)
    assert (find().url, find().token) == ("http://127.0.0.1:9999", "att_dev_secret")


def test_the_environment_wins_and_the_token_of_dev_stays_at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _announce(home)
    monkeypatch.setenv("ATTUNE_API_URL", "https://attune.example/")
    assert (find().url, find().token) == ("https://attune.example", "")
    monkeypatch.setenv("ATTUNE_API_TOKEN", "att_mine_secret")
    assert find().token == "att_mine_secret"
    assert find("http://127.0.0.1:9999").token == "att_mine_secret"


def test_a_damaged_announcement_is_none(home: Path) -> None:
    (home / "dev.json").write_text('{"api_url"')
    assert find().url == DEFAULT_URL


def test_an_address_is_never_shown_with_its_token(home: Path) -> None:
    _announce(home)
    assert "secret" not in repr(find())


def _keep(current: str, **known: Profile) -> None:
    profiles.save(Profiles(current, dict(known)))


def test_the_current_profile_is_used_when_nothing_else_is_said(home: Path) -> None:
    _keep("far", far=Profile("https://far.example", "att_far_secret"))
    assert (find().url, find().token) == ("https://far.example", "att_far_secret")
    _announce(home)
    assert find().url == "http://127.0.0.1:9999"


def test_a_profile_that_is_named_wins_over_a_running_dev(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _announce(home)
    _keep("", far=Profile("https://far.example", "att_far_secret"))
    assert find(profile="far").token == "att_far_secret"
    monkeypatch.setenv("ATTUNE_PROFILE", "far")
    assert find().url == "https://far.example"
    with pytest.raises(UnknownProfile, match="nobody"):
        find(profile="nobody")


def test_a_kept_token_goes_to_its_own_address_alone(home: Path) -> None:
    near = Profile("http://127.0.0.1:9999", "att_near")
    _keep("far", far=Profile("https://far.example", "att_far_secret"), near=near)
    assert find("https://far.example/").token == "att_far_secret"
    assert find("https://elsewhere.example").token == ""
    assert find("https://elsewhere.example", profile="far").token == ""
    assert find("http://far.example").token == ""
    _announce(home)
    assert find().token == "att_near"
