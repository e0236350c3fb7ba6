"""Whose address and whose token."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attune_client.discovery import DEFAULT_URL, find


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTUNE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("ATTUNE_API_URL", raising=False)
    monkeypatch.delenv("ATTUNE_API_TOKEN", raising=False)
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
