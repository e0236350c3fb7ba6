"""A sensor: a program of a pack that watches something outside and emits events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class SensorRuntime(StrEnum):
    """`python`: in the pack's environment. `shell`: any executable file, by its `#!` line."""

    PYTHON = "python"
    SHELL = "shell"


@dataclass(frozen=True, slots=True)
class SensorSpec:
    """`poll`: seconds between two polls, `poll_timeout`: seconds for one; None: it runs by itself.

    `triggers`: what it may emit. `parameters` may hold templates over `pack.config`.
    """

    ref: str
    label: str
    entry_point: str
    description: str = ""
    runtime: SensorRuntime = SensorRuntime.PYTHON
    poll: float | None = None
    poll_timeout: float | None = None
    triggers: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    enabled: bool = True
