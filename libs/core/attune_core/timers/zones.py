"""Time zones by name, and local times that the clocks skip or show twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from attune_core.model.names import closest

_MINUTE: Final = timedelta(minutes=1)
_LONGEST: Final = 80
_NO_ZONES: Final = frozenset({"localtime", "posixrules", "Factory"})
"""Files beside the zones: what the machine at hand is set to, which is another on the next one, or nothing."""


def read_zone(name: str) -> tzinfo | None:
    """The zone of that name in the IANA database, or None."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    if len(name) > _LONGEST or not _is_portable(name):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def similar_zone(name: str) -> str:
    """A hint for a zone that does not exist: the whole name that its last part may mean, or one written alike."""
    known = sorted(filter(_is_portable, available_timezones()))
    last = name.rpartition("/")[2].lower().replace(" ", "_")
    found = next((zone for zone in known if zone.rpartition("/")[2].lower() == last), None)
    guess = found or closest(name, known)
    return f"did you mean `{guess}`?" if guess else "a name of the IANA database such as `Europe/Berlin`, or `UTC`"


def _is_portable(name: str) -> bool:
    """`right/` counts leap seconds, which no clock of ours does."""
    return name not in _NO_ZONES and not name.startswith(("posix/", "right/"))


def is_skipped(local: datetime) -> bool:
    """Whether the clocks of its zone go forward over this local time."""
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None)


def instant(local: datetime) -> datetime:
    """The moment of a local time, in UTC: the first of two; the end of the gap for one that the clocks skip."""
    moment = local.replace(fold=0)
    while is_skipped(moment):
        moment = moment.replace(second=0, microsecond=0) + _MINUTE
    return moment.astimezone(UTC)
