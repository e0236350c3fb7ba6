"""A pack's own description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attune_core.model.dependency import Dependency


@dataclass(frozen=True, slots=True)
class PackManifest:
    """What `pack.yaml` says. `conf_schema` is JSON Schema 2020-12 or None, `config` its defaults.

    `environments`: the settings that differ in an environment, by its name. `raw` is the file as JSON.
    """

    ref: str
    label: str
    description: str = ""
    version: str = "1.0.0"
    conf_schema: Mapping[str, Any] | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()
    environments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
