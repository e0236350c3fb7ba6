"""What the services complained of, by event: no fault by itself, a hint where to look."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

_LEVELS = ("error", "critical")


def complaints(logs: Iterable[Path]) -> dict[str, int]:
    """Lines of level error, and bare tracebacks, by service and event."""
    counts: Counter[str] = Counter()
    for log in logs:
        service = log.stem.partition("-")[0]
        for line in log.read_text(errors="replace").splitlines() if log.exists() else ():
            event = _event(line)
            if event:
                counts[f"{service}: {event}"] += 1
    return dict(counts.most_common())


def _event(line: str) -> str:
    try:
        entry = json.loads(line)
        return str(entry.get("event", "")) if entry.get("level") in _LEVELS else ""
    except (ValueError, AttributeError):
        return line[:80] if line.startswith("Traceback") else ""
