"""`config.<environment>.yaml`: what the settings of a pack are in one environment, where nobody sets them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attune_core.model.names import shown
from attune_core.model.schema import apply_defaults, validate
from attune_core.model.sealing import secret_paths
from attune_core.packs.reading import PackFile, Reading

FILE: Final = re.compile(r"config\.([a-z0-9][a-z0-9_-]{0,62})\.ya?ml\Z", re.ASCII)
Values = Mapping[str, Any]


def read_environments(reading: Reading, schema: Values | None) -> dict[str, Values]:
    """By environment. Each file is checked against the schema, of which it may leave out anything."""
    found: dict[str, Values] = {}
    for path in sorted(reading.files):
        name = FILE.match(path)
        opened = reading.open(path) if name else None
        if name is None or opened is None:
            continue
        if name[1] in found:
            opened.findings.error((), "config_twice", f"the environment `{name[1]}` has two files", "keep one of them")
        found[name[1]] = opened.document.value
        _check(opened, schema)
    return found


def effective(schema: Values | None, of_file: Values, given: Values) -> dict[str, Any]:
    """The settings: what is given wins over the file of the environment, that over the schema's defaults."""
    filled: dict[str, Any] = apply_defaults(schema, {**of_file, **given})
    return filled


def _check(opened: PackFile, schema: Values | None) -> None:
    values, findings = opened.document.value, opened.findings
    known = (schema or {}).get("properties", {})
    for name in values:
        if name not in known:
            hint = f"settings: {', '.join(sorted(known)) or 'none'}"
            findings.error((name,), "unknown_setting", f"the pack has no setting `{shown(name)}`", hint, on_key=True)
    for path in secret_paths(schema, values):
        hint = "remove it and use `attune pack config set`"
        findings.error(path, "secret_in_file", "a secret does not belong in a pack's file", hint)
    present = {name: value for name, value in values.items() if name in known}
    for place, message in validate({**schema, "required": []} if schema else None, present):
        name = place.partition(".")[0].partition("[")[0]
        findings.error((name,) if name in present else (), "invalid_config", f"{place}: {message}")
