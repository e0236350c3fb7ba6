"""From `{interval | cron | date, timezone, catch_up}` to a timer, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from attune_core.model.names import did_you_mean, shown
from attune_core.timers.cron import read_fields
from attune_core.timers.definition import CatchUp, Cron, Interval, Once, Schedule, Timer
from attune_core.timers.durations import read_duration
from attune_core.timers.zones import instant, read_zone, similar_zone

SCHEDULES: Final = ("interval", "cron", "date")
KEYS: Final = (*SCHEDULES, "timezone", "catch_up")
_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(days=3660)
_WAYS: Final = "seconds, or a text such as `30s`, `5m`, `1h30m`"


@dataclass(frozen=True, slots=True)
class TimerFault:
    """`key` is that of the map; empty: the map itself."""

    key: str
    code: str
    message: str
    hint: str = ""
    on_key: bool = False


def read_timer(raw: Mapping[str, Any]) -> tuple[Timer | None, list[TimerFault]]:
    """The timer, or None with all its faults. A key whose value is null counts as absent."""
    reader = _Reader({key: value for key, value in raw.items() if value is not None})
    timer = reader.timer()
    return (None if reader.faults else timer), reader.faults


class _Reader:
    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self.faults: list[TimerFault] = []

    def timer(self) -> Timer | None:
        self._only_known()
        zone, catch_up = self._zone(), self._catch_up()
        schedule = self._schedule(zone)
        return None if schedule is None else Timer(schedule, catch_up)

    def _fault(self, key: str, code: str, message: str, hint: str = "", *, on_key: bool = False) -> None:
        self.faults.append(TimerFault(key, code, message, hint, on_key))

    def _only_known(self) -> None:
        for key in self._raw:
            if key not in KEYS:
                hint = did_you_mean(key, KEYS, f"known keys: {', '.join(KEYS)}")
                self._fault(key, "unknown_key", f"the key `{shown(key)}` is not known here", hint, on_key=True)

    def _schedule(self, zone: tzinfo) -> Schedule | None:
        given = [key for key in SCHEDULES if key in self._raw]
        if not given:
            self._fault("", "missing_key", "the timer does not say when", "write `interval`, `cron` or `date`")
            return None
        if len(given) > 1:
            message = f"`{given[0]}` and `{given[1]}` exclude each other"
            self._fault(given[1], "schedule_twice", message, "keep one of them", on_key=True)
            return None
        if given[0] == "interval":
            return self._interval()
        text = self._text(given[0])
        if text is None:
            return None
        return self._cron(text, zone) if given[0] == "cron" else self._date(text, zone)

    def _text(self, key: str) -> str | None:
        value = self._raw[key]
        if isinstance(value, str):
            return value
        self._fault(key, "wrong_type", f"`{key}` must be text", "put it in quotes")
        return None

    def _interval(self) -> Interval | None:
        value = self._raw["interval"]
        every = read_duration(value)
        if every is None:
            self._fault("interval", "bad_interval", f"`{shown(str(value))}` is no duration", _WAYS)
        elif not _SHORTEST <= every <= _LONGEST:
            message = f"an interval of {shown(str(value))} is out of range"
            self._fault("interval", "bad_interval", message, "from one second to ten years")
        else:
            return Interval(every)
        return None

    def _cron(self, text: str, zone: tzinfo) -> Cron | None:
        found = read_fields(text)
        if len(found) == 2:
            self._fault("cron", "bad_cron", found[0], found[1])
            return None
        return Cron(found, zone)

    def _date(self, text: str, zone: tzinfo) -> Once | None:
        try:
            given = datetime.fromisoformat(text.strip())
            local = given if given.tzinfo else given.replace(tzinfo=zone)
            return Once(instant(local), zone)
        except (ValueError, OverflowError) as problem:
            hint = "such as `2027-01-31 18:00`, in `timezone` unless it has an offset of its own"
            self._fault("date", "bad_date", f"`{shown(text)}` is no date and time: {shown(str(problem))}", hint)
            return None

    def _zone(self) -> tzinfo:
        name = self._raw.get("timezone", "UTC")
        if not isinstance(name, str):
            self._fault("timezone", "wrong_type", "`timezone` must be text", "such as `Europe/Berlin`")
            return UTC
        if "interval" in self._raw and "timezone" in self._raw:
            message = "an interval has no time zone"
            self._fault("timezone", "unknown_key", message, "remove it, or write `cron`", on_key=True)
        zone = read_zone(name)
        if zone is None:
            self._fault("timezone", "bad_timezone", f"there is no time zone `{shown(name)}`", similar_zone(name))
        return zone or UTC

    def _catch_up(self) -> CatchUp:
        value = self._raw.get("catch_up", CatchUp.LAST.value)
        names = [member.value for member in CatchUp]
        if value not in names:
            hint = did_you_mean(str(value), names, f"one of {', '.join(names)}")
            self._fault("catch_up", "unknown_value", f"`{shown(str(value))}` is not a value of `catch_up`", hint)
            return CatchUp.LAST
        return CatchUp(value)
