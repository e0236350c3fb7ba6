"""Cron expressions: five fields, or six with the seconds first; read, refused with the field that is wrong, followed.

The rules around a change of the clocks (those of Debian's cron, for six fields as well): an expression with fixed
hours and minutes fires once for a local time that is skipped, at the end of the gap, and once for one that comes
twice, the first time. One whose minute or hour starts with `*` follows the time that passes: nothing in the gap, and
twice in the hour that comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from cronsim import CronSim, CronSimError
from cronsim.cronsim import Field

from attune_core.model.names import did_you_mean, shown
from attune_core.timers.definition import Cron

ALIASES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_NAMES: Final = ("second", "minute", "hour", "day of the month", "month", "day of the week")
_RANGES: Final = (
    "0 to 59",
    "0 to 59",
    "0 to 23",
    "1 to 31, L (the last day) or LW (the last weekday)",
    "1 to 12 or JAN to DEC",
    "0 to 7 (0 and 7 are Sunday) or SUN to SAT, 5#2 (the second Friday), 5L (the last Friday)",
)
_SPANS: Final = (60, 60, 24, 31, 12, 7)
_LONGEST: Final = 200
_SOME_MONDAY: Final = datetime(2024, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
Refusal = tuple[str, str]
"""(message, hint)"""


class _Simulation(CronSim):
    """Goes from hour to hour by the wall clock: where clocks change by half an hour, sixty minutes are not one.

    And never stands at a time that no clock shows, as midnight is where clocks go forward at midnight.
    """

    def advance_month(self) -> None:
        before = self.dt
        super().advance_month()
        if self.dt is not before:
            self._leave_gap()

    def advance_day(self) -> bool:
        moved = super().advance_day()
        if moved:
            self._leave_gap()
        return moved

    def _leave_gap(self) -> None:
        if self.dt.tzinfo is not None:
            self.dt = self.dt.astimezone(UTC).astimezone(self.dt.tzinfo)

    def advance_hour(self) -> bool:
        if self.dt.hour in self.hours:
            return False
        self.dt = self.dt.replace(minute=0, second=0)
        self._leave_gap()
        while self.dt.hour not in self.hours:
            self.tick(seconds=(60 - self.dt.minute) * 60)
            if self.dt.hour == 0:
                break
        return True

    def reverse_hour(self) -> bool:
        if self.dt.hour in self.hours:
            return False
        self.dt = self.dt.replace(minute=59, second=59)
        while self.dt.hour not in self.hours:
            self.tick(seconds=(self.dt.minute + 1) * 60)
            if self.dt.hour == 23:
                break
        return True


def read_fields(text: str) -> tuple[str, ...] | Refusal:
    """The six fields, or (message, hint)."""
    if text.strip().startswith("@"):
        return _from_alias(text.strip())
    parts = tuple(text.upper().split())
    if len(text) > _LONGEST:
        return f"the expression is longer than {_LONGEST} characters", "several timers are easier to read"
    if len(parts) not in (5, 6):
        hint = "minute hour day month weekday, with the second before them when there are six"
        return f"`{shown(text)}` has {len(parts)} fields, not 5 or 6", hint
    fields = parts if len(parts) == 6 else ("0", *parts)
    return _refused_field(fields) or _refused_dates(text, fields) or fields


def _from_alias(text: str) -> tuple[str, ...] | Refusal:
    found = ALIASES.get(text.lower())
    if found is not None:
        return ("0", *found.split())
    otherwise = "write `interval: 30s` instead" if text.startswith("@every") else f"known: {', '.join(ALIASES)}"
    return f"`{shown(text)}` is not known", did_you_mean(text, ALIASES, otherwise)


def _refused_field(fields: tuple[str, ...]) -> Refusal | None:
    for index, part in enumerate(fields):
        try:
            Field(index).parse(part)
        except (CronSimError, AssertionError, TypeError, ValueError):
            return f"`{shown(part)}` is no {_NAMES[index]}", f"{_RANGES[index]}; *, lists, ranges a-b and steps */n"
        if any(_step(one) > _SPANS[index] for one in part.split(",")):
            message = f"`{shown(part)}` steps further than a {_NAMES[index]} goes"
            return message, f"it would mean the first one alone; {_RANGES[index]}, or write `interval: 90m`"
    return None


def _step(part: str) -> int:
    return int(part.partition("/")[2] or 1)


def _refused_dates(text: str, fields: tuple[str, ...]) -> Refusal | None:
    """An expression whose days never come."""
    try:
        next(_simulation(fields, _SOME_MONDAY))
    except (CronSimError, StopIteration):
        return f"`{shown(text)}` never fires: there is no such day", "look at the day and the month"
    return None


def _simulation(fields: tuple[str, ...], start: datetime, *, reverse: bool = False) -> _Simulation:
    """Made of five fields, so that the rules for fixed times hold; the seconds are put in afterwards."""
    simulation = _Simulation(" ".join(fields[1:]), start, reverse)
    simulation.seconds = {second for second in Field.SECOND.parse(fields[0]) if isinstance(second, int)}
    return simulation


def ticks_after(cron: Cron, moment: datetime) -> Iterator[datetime]:
    """The ticks after a moment, in UTC; ends when there are none for fifty years."""
    last = moment.astimezone(UTC)
    for tick in _simulation(cron.fields, moment.astimezone(cron.zone)):
        if (found := tick.astimezone(UTC)) > last:
            last = found
            yield found


def last_tick(cron: Cron, until: datetime) -> datetime | None:
    """The newest tick that is not after a moment, in UTC."""
    start = until.astimezone(UTC).replace(microsecond=0) + _SECOND
    for tick in _simulation(cron.fields, start.astimezone(cron.zone), reverse=True):
        if (found := tick.astimezone(UTC)) <= until:
            return found
    return None
