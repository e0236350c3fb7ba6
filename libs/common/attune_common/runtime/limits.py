"""How much of anything is accepted: one list, all configurable, shown to users as it is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

KIB = 1024
MIB = 1024 * KIB


class Limits(BaseModel):
    """Counts, or bytes where the name ends in `_bytes`. Set with `ATTUNE_LIMITS__<NAME>`."""

    model_config = ConfigDict(frozen=True)

    tasks: int = 1_000
    items: int = 100_000
    journal_events: int = 25_000
    workflow_depth: int = 10
    loop_iterations: int = 10_000
    event_depth: int = 20
    template_bytes: int = 32 * KIB
    template_output_bytes: int = MIB
    yaml_bytes: int = MIB
    yaml_nodes: int = 50_000
    pack_unpacked_bytes: int = 256 * MIB
    pack_files: int = 5_000
    result_bytes: int = 16 * MIB
    log_line_bytes: int = 16 * KIB
    log_lines: int = 10_000
    backlog: int = 100_000
    requests_at_once: int = 500
