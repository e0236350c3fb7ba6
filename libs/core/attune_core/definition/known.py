"""What a checker may know of the installation that a workflow or a rule is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attune_core.model.names import pack_of


@dataclass(frozen=True, slots=True)
class Known:
    """`actions`: ref -> parameter schema (JSON Schema 2020-12, or None when none is declared), workflows too.

    `packs`: refs of the packs whose actions and triggers are all listed. `triggers`: refs of trigger types;
    `timers`: those among them whose rules say in `trigger_parameters` when they fire.
    `versions`: of packs, where known.
    `complete`: False when other packs may be installed too, so that nothing is said about theirs.
    """

    actions: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    packs: frozenset[str] = frozenset()
    triggers: frozenset[str] = frozenset()
    complete: bool = True
    timers: frozenset[str] = frozenset()
    versions: Mapping[str, str] = field(default_factory=dict)

    def lists(self, ref: str) -> bool:
        """Whether the pack of the ref is known, so that an unlisted ref of it does not exist."""
        return pack_of(ref) in self.packs
