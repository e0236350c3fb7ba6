"""A run's figures as a table, beside those of the baseline and of the ceilings of the same run."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.load import Figures

HERE = Path(__file__).parent
LATEST, BASELINE = HERE / "results" / "latest.json", HERE / "baseline.json"
_HEAD = ("scenario", "per s", "CPU s/1000", "p50 ms", "p95 ms", "of batch", "of envelope", "CPU to baseline")


def machine() -> dict[str, Any]:
    """Where the figures are from. `load`: processes that wanted to run during the last minute."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "cpu": _cpu(),
        "python": platform.python_version(),
        "system": platform.system(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")


def table(document: Mapping[str, Any], baseline: Mapping[str, Any] | None) -> str:
    """CPU to baseline: below 1 is cheaper than it was."""
    scenarios = document["scenarios"]
    former = (baseline or {}).get("scenarios", {})
    rows = [_HEAD, *(_row(name, each, scenarios, former.get(name)) for name, each in scenarios.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(_aligned(cell, width, n) for n, (cell, width) in enumerate(zip(row, widths, strict=True)))
             for row in rows]  # fmt: skip
    return "\n".join([*lines, "", "CPU seconds per 1,000, by process", *_processes(scenarios)])


def _row(name: str, each: Figures, scenarios: Mapping[str, Figures], former: Figures | None) -> tuple[str, ...]:
    cpu = each["cpu_s_per_1000"]
    return (
        name,
        f"{_rate(each):,.0f}",
        f"{cpu:.3f}",
        _number(each["p50_ms"]),
        _number(each["p95_ms"]),
        _share(_rate(each), scenarios.get("ceiling_batch")),
        _share(_rate(each), scenarios.get("ceiling_envelope")),
        f"{cpu / former['cpu_s_per_1000']:.2f}" if former and former["cpu_s_per_1000"] else "",
    )


def _rate(each: Figures) -> float:
    return float(next(value for name, value in each.items() if name.endswith("_per_s")))


def _share(rate: float, ceiling: Figures | None) -> str:
    return f"{rate / _rate(ceiling):.1%}" if ceiling else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)


def _processes(scenarios: Mapping[str, Figures]) -> list[str]:
    return [
        f"{name}: " + ", ".join(f"{process} {cpu:.3f}" for process, cpu in each["cpu_by_process"].items())
        for name, each in scenarios.items()
    ]
