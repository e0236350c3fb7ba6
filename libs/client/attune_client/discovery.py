"""Where the API is and with which token: what was said, the environment, a profile, what `attune dev` left behind."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from attune_client import profiles
from attune_client.profiles import Profile

DEFAULT_URL = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Address:
    """`found` names the place it was taken from, for error messages. The token is never shown."""

    url: str
    token: str = field(repr=False)
    found: str


def data_dir() -> Path:
    """Where `attune dev` keeps its data: ATTUNE_DATA_DIR or ~/.local/share/attune."""
    return Path(os.environ.get("ATTUNE_DATA_DIR") or Path.home() / ".local/share/attune").expanduser()


def find(url: str = "", token: str = "", profile: str = "") -> Address:
    """The address to use: an argument, ATTUNE_API_URL, the profile that is named (or ATTUNE_PROFILE names), a running
    `attune dev`, the current profile.

    A token that is kept for an address is only used for that address. Errors: UnknownProfile and those of its file.
    """
    kept, named = profiles.load(), profile or os.environ.get("ATTUNE_PROFILE", "")
    chosen = (url or os.environ.get("ATTUNE_API_URL", "")).rstrip("/")
    token = token or os.environ.get("ATTUNE_API_TOKEN", "")
    if named:
        return _of_profile(named, kept.get(named), chosen, token)
    folder = data_dir()
    announced = _announced(folder)
    if chosen and chosen != announced:
        return Address(chosen, token or kept.token_for(chosen), "--api-url" if url else "ATTUNE_API_URL")
    if announced:
        token = token or kept.token_for(announced) or _read(folder / "token")
        return Address(announced, token, str(folder / "dev.json"))
    if kept.current in kept.known:
        return _of_profile(kept.current, kept.known[kept.current], "", token)
    return Address(DEFAULT_URL, token, "the default address")


def _of_profile(name: str, profile: Profile, chosen: str, token: str) -> Address:
    url = chosen or profile.api_url
    return Address(url, token or (profile.token if url == profile.api_url else ""), f"the profile {name}")


def _announced(folder: Path) -> str:
    try:
        return str(json.loads(_read(folder / "dev.json"))["api_url"]).rstrip("/")
    except (ValueError, KeyError, TypeError):
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
