"""An action: the smallest thing that can be run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Runtime(StrEnum):
    """What performs an action. `workflow` is never written in a file: it stands for synthetic actions."""

    PYTHON = "python"
    SHELL = "shell"
    HTTP = "http"
    NATIVE = "native"
    INQUIRY = "inquiry"
    WORKFLOW = "workflow"


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """An action of a pack.

    `entry_point`: for python a file of the pack relative to its root (optionally `file.py:function`), for shell a
    file or a command line, for native the function's name. `spec` holds `timeout` (seconds), `env`, `idempotent`,
    `pool` and what only the runtime understands (`url`, `method`, ... for http); absent keys were not written.
    The schemas are JSON Schema 2020-12 or None. `workflow_file` is the graph of a two-part workflow.
    """

    ref: str
    label: str
    description: str = ""
    runtime: Runtime = Runtime.PYTHON
    entry_point: str = ""
    param_schema: Mapping[str, Any] | None = None
    out_schema: Mapping[str, Any] | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    is_workflow: bool = False
    workflow_file: str | None = None
    enabled: bool = True
