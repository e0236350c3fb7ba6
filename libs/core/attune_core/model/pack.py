"""A pack's own description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class PackManifest:
    """What `pack.yaml` says. `conf_schema` is JSON Schema 2020-12 or None, `config` its defaults.

    `raw` is the file as JSON.
    """

    ref: str
    label: str
    description: str = ""
    version: str = "1.0.0"
    conf_schema: Mapping[str, Any] | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)
