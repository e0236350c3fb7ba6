"""Where an action's file is in its pack, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from attune_common.hosting.failure import ActionFailure


def entry_file(pack: Path, named: str, action_ref: str, suffix: str) -> Path:
    """Errors: ActionFailure `invalid_entry_point` when there is none."""
    found = find_file(pack, named, action_ref, suffix)
    if found is None:
        wanted = named or f"actions/{_default(action_ref, suffix)}"
        raise ActionFailure("invalid_entry_point", f"the pack has no file {wanted!r} for {action_ref}")
    return found


def find_file(pack: Path, named: str, action_ref: str, suffix: str) -> Path | None:
    """The file named from the pack's root or from its `actions`; without a name that of the action."""
    name = named or _default(action_ref, suffix)
    if "\0" in name or len(name) > 1024:
        return None
    root = pack.resolve()
    for candidate in (root / name, root / "actions" / name):
        resolved = candidate.resolve()
        if resolved.is_file() and resolved.is_relative_to(root):
            return resolved
    return None


def _default(action_ref: str, suffix: str) -> str:
    return action_ref.rpartition(".")[2] + suffix
