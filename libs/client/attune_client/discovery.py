"""Where the API is and with which token: what was said, the environment, or what `attune dev` left behind."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

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


def find(url: str = "", token: str = "") -> Address:
    """The address to use. Arguments win over ATTUNE_API_URL and ATTUNE_API_TOKEN, those over `attune dev`.

    The token of `attune dev` is only used for the address that `attune dev` announced.
    """
    folder = data_dir()
    announced = _announced(folder)
    chosen = url or os.environ.get("ATTUNE_API_URL", "")
    token = token or os.environ.get("ATTUNE_API_TOKEN", "")
    if chosen and chosen.rstrip("/") != announced:
        return Address(chosen.rstrip("/"), token, "--api-url" if url else "ATTUNE_API_URL")
    if announced:
        return Address(announced, token or _read(folder / "token"), str(folder / "dev.json"))
    return Address(DEFAULT_URL, token, "the default address")


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
