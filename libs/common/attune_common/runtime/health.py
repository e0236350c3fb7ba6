"""What a process says of itself: alive (the loop turns) and ready (each named check holds)."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Verdict = bool | tuple[bool, str]
Check = Callable[[], Verdict | Awaitable[Verdict]]
_BOUND = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`detail` is a sentence for the operator, empty when there is nothing to say."""

    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    ok: bool
    checks: dict[str, Finding]

    def as_json(self) -> dict[str, object]:
        checks = {name: {"ok": found.ok, "detail": found.detail} for name, found in self.checks.items()}
        return {"status": "ok" if self.ok else "unavailable", "checks": checks}


class Health:
    """Named checks. A check returns True, False or (ok, detail), at once or awaited for two seconds."""

    def __init__(self, **checks: Check) -> None:
        self._checks: dict[str, Check] = dict(checks)
        self._draining = False

    def add(self, name: str, check: Check) -> None:
        self._checks[name] = check

    def drain(self) -> None:
        """From now on not ready: the process is stopping."""
        self._draining = True

    def live(self) -> Report:
        return Report(True, {})

    async def ready(self) -> Report:
        findings = await asyncio.gather(*(_find(check) for check in self._checks.values()))
        checks = dict(zip(self._checks, findings, strict=True))
        if self._draining:
            checks["draining"] = Finding(False, "the process is stopping")
        return Report(all(found.ok for found in checks.values()), checks)


async def _find(check: Check) -> Finding:
    try:
        async with asyncio.timeout(_BOUND):
            verdict = check()
            settled = await verdict if inspect.isawaitable(verdict) else verdict
    except TimeoutError:
        return Finding(False, f"no answer within {_BOUND:g} s")
    except Exception as problem:
        return Finding(False, f"{type(problem).__name__}: {problem}"[:300])
    return Finding(*settled) if isinstance(settled, tuple) else Finding(bool(settled))
