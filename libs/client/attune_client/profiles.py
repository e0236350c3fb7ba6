"""Where the command line keeps whom it logged in as: one private file with a profile per platform."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from attune_core.errors import AttuneError

DEFAULT = "default"


class CredentialsExposed(AttuneError):
    """Others can read the file with the tokens."""

    code = "credentials_exposed"


class UnknownProfile(AttuneError):
    """There is no profile of that name."""

    code = "unknown_profile"


class BadProfiles(AttuneError):
    """The file is none of ours, or damaged."""

    code = "bad_profiles"


@dataclass(frozen=True, slots=True)
class Profile:
    """`expires`: ISO 8601, "" for a token that stays."""

    api_url: str
    token: str = field(default="", repr=False)
    login: str = ""
    expires: str = ""


@dataclass(slots=True)
class Profiles:
    """`current`: the name of the profile that is used when none is named."""

    current: str = ""
    known: dict[str, Profile] = field(default_factory=dict)

    def get(self, name: str) -> Profile:
        """Errors: UnknownProfile."""
        if name not in self.known:
            hint = f"known: {', '.join(sorted(self.known)) or 'none'}; `attune login` makes one"
            raise UnknownProfile(f"there is no profile {name!r}", hint=hint)
        return self.known[name]

    def token_for(self, url: str) -> str:
        """The token that is kept for an address, that of the current profile first."""
        names = sorted(self.known, key=lambda name: (name != self.current, name))
        return next((self.known[name].token for name in names if self.known[name].api_url == url), "")


def path() -> Path:
    """ATTUNE_CONFIG, or `attune/config.json` in the user's folder for configuration."""
    given = os.environ.get("ATTUNE_CONFIG")
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(given).expanduser() if given else Path(base) / "attune/config.json"


def load() -> Profiles:
    """None when there is no file. Errors: CredentialsExposed, BadProfiles."""
    place = path()
    try:
        mode, text = place.stat().st_mode, place.read_text(encoding="utf-8")
    except OSError:
        return Profiles()
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CredentialsExposed(f"others can read {place}", hint=f"chmod 600 {place}")
    try:
        return _parsed(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BadProfiles(f"{place} cannot be read: {problem}", hint="remove it, and log in again") from problem


def save(profiles: Profiles) -> None:
    """Readable by its owner alone; readers see the old content or the new. Errors: OSError."""
    place = path()
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps({"current": profiles.current, "profiles": {k: asdict(v) for k, v in profiles.known.items()}})
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
    draft.replace(place)


def _parsed(document: dict[str, Any]) -> Profiles:
    names = Profile.__dataclass_fields__
    known = {
        str(name): Profile(**{key: str(value) for key, value in members.items() if key in names})
        for name, members in document["profiles"].items()
    }
    return Profiles(str(document.get("current", "")), known)
