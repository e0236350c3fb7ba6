"""Where the files are that travel with the code: migrations and the core pack."""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).resolve().parents[1] / "resources"
_REPOSITORY = Path(__file__).resolve().parents[4]


def path(name: str) -> Path:
    """The place of e.g. `migrations` or `packs/core`: in the wheel, else in the repository.

    Errors: FileNotFoundError when neither has it.
    """
    for root in (_PACKAGED, _REPOSITORY):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"the installation has no {name!r}: looked in {_PACKAGED} and {_REPOSITORY}")
