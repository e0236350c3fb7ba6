"""Runs the scenarios of `bench/scenarios` on an embedded PostgreSQL (fsync on) and prints what they measured.

Usage: bench/run.py [--seconds S] [--json FILE] [NAME...]. ATTUNE_DATABASE_URL names another server to measure.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType

from attune_common.store.embedded.cluster import EmbeddedPostgres
from attune_common.store.migrate import ensure_database, migrate

Figures = dict[str, float]
Scenario = Callable[[str, float], Awaitable[Figures]]
_SCENARIOS = Path(__file__).parent / "scenarios"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios; all of them by default")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each figure")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()
    names = options.names or sorted(path.stem for path in _SCENARIOS.glob("*.py"))
    figures = _measured(names, options.seconds)
    for name, value in figures.items():
        print(f"{name:48} {value:12,.0f} /s")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def _measured(names: list[str], seconds: float) -> Figures:
    given = os.environ.get("ATTUNE_DATABASE_URL")
    if given:
        return asyncio.run(_run(given, names, seconds))
    with tempfile.TemporaryDirectory(prefix="attune-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder))
        try:
            return asyncio.run(_run(server.start(), names, seconds))
        finally:
            server.stop()


async def _run(dsn: str, names: list[str], seconds: float) -> Figures:
    await ensure_database(dsn)
    await migrate(dsn)
    figures: Figures = {}
    for name in names:
        scenario: Scenario = _load(name).measure
        figures |= {f"{name}: {key}": value for key, value in (await scenario(dsn, seconds)).items()}
    return figures


def _load(name: str) -> ModuleType:
    path = _SCENARIOS / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.exists():
        sys.exit(f"there is no scenario {name!r} in {_SCENARIOS}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
