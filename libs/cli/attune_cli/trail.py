"""Checking an exported audit trail without the platform that wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from attune_common.store.audit import row_hash
from attune_core.errors import AttuneError

_MOST_TOLD = 20


class BadExport(AttuneError):
    """A line of the file is no entry of a trail."""

    code = "bad_export"


def verify_file(file: Path, position: int | None, hash: str | None) -> dict[str, Any]:
    """As `GET /audit/verify` answers. Errors: BadExport."""
    broken: list[dict[str, Any]] = []
    first: dict[str, Any] | None = None
    before: dict[str, Any] | None = None
    count, seen = 0, position is None
    for row in _rows(file):
        count, first = count + 1, first or row
        seen = seen or (row["position"] == position and row["hash"] == hash)
        what = _wrong(row, before)
        if what and len(broken) < _MOST_TOLD:
            broken.append({"position": row["position"], "id": row["id"], "what": what})
        before = row
    if not seen:
        broken.append({"position": position, "id": 0, "what": "unseen"})
    return {
        "ok": not broken,
        "entries": count,
        "first": first and first["position"],
        "last": before and before["position"],
        "head": before and before["hash"],
        "broken": broken,
    }


def _wrong(row: dict[str, Any], before: dict[str, Any] | None) -> str:
    if row_hash({**row, "time": datetime.fromisoformat(row["time"])}, row["previous"]) != row["hash"]:
        return "changed"
    if before is None:
        return ""
    if row["position"] != before["position"] + 1:
        return "missing"
    return "" if row["previous"] == before["hash"] else "relinked"


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            try:
                row = json.loads(line)
                yield {**row, "position": int(row["position"])}
            except (ValueError, KeyError, TypeError) as problem:
                raise BadExport(f"{file}:{number} is no entry of an exported trail") from problem
