"""The core pack is a good pack, and the worker has what it names."""

from __future__ import annotations

import inspect

from attune_common.runtime import resources
from attune_core.packs.bundle import Bundle, read_bundle
from attune_worker.natives import NATIVES
from attune_worker.runtimes import runtime_of


def bundle() -> Bundle:
    root = resources.path("packs/core")
    files = [path for path in root.rglob("*") if path.is_file()]
    return read_bundle({path.relative_to(root).as_posix(): path.read_bytes() for path in files})


def test_it_is_read_without_a_finding() -> None:
    assert bundle().warnings == ()


def test_every_native_action_exists_and_takes_the_parameters_it_declares() -> None:
    declared = {action.entry_point: action for action in bundle().actions if action.runtime == "native"}
    assert set(declared) == set(NATIVES)
    for name, action in declared.items():
        properties = (action.param_schema or {}).get("properties", {})
        inspect.signature(NATIVES[name]).bind(None, **dict.fromkeys(properties))


def test_every_runtime_is_known_to_the_worker_or_the_executor() -> None:
    for action in bundle().actions:
        if action.runtime != "inquiry":
            runtime_of(action.runtime)
