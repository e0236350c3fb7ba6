"""What is wrong at one place of a value, before it is known in which file the value stands."""

from __future__ import annotations

from dataclasses import dataclass

from attune_core.model.validators import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` leads to the place in what was written. `on_key`: it concerns the key there, not its value."""

    path: Path
    code: str
    message: str
    hint: str = ""
    on_key: bool = False
