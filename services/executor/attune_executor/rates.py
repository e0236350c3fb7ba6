"""How often a rule may start its action: counted in the transaction that starts it, over all executors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from attune_common.store import rates
from attune_common.store.connection import Row
from attune_common.store.unit import Unit
from attune_core.model.rate import Rate, counted, stored_rate, wait


@dataclass(slots=True)
class Rates:
    """What the limited rules among `rules` have started; `admit` counts one more."""

    now: float
    _times: dict[str, list[float]] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)

    def admit(self, rule: Row) -> str:
        """Why the rule may not start its action now; "" when it may, and then it counts."""
        rate = stored_rate(rule["rate_limit"])
        if rate is None:
            return ""
        times = self._times[_key(rule)]
        now = max(self.now, times[-1] if times else 0.0)
        if wait(rate, times, now) > 0:
            return f"matched, but the rule's rate limit of {rate} is used up"
        self._times[_key(rule)] = [*counted(rate, times, now), now]
        self._changed.add(_key(rule))
        return ""

    async def write(self, unit: Unit) -> None:
        if self._changed:
            await rates.put(unit, {key: self._times[key] for key in self._changed})


async def locked(unit: Unit, rules: Sequence[Row], now: datetime) -> Rates:
    """For the rules that matched something; those without a limit cost nothing."""
    limited = {_key(rule) for rule in rules if _rate(rule) is not None}
    return Rates(now.timestamp(), await rates.lock(unit, limited))


def _rate(rule: Row) -> Rate | None:
    return stored_rate(rule["rate_limit"])


def _key(rule: Row) -> str:
    return f"rule:{rule['id']}"
