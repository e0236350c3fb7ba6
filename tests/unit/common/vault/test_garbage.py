"""Sealing parameters, which every request does, leaves nothing for a search for cycles."""

from __future__ import annotations

import gc

from attune_common.runtime.settings import Settings
from attune_common.vault.envelope import Vault
from attune_common.vault.keyring import new_key
from attune_common.vault.parameters import seal_parameters

_SCHEMA = {"type": "object", "properties": {"login": {"type": "object", "secret": True}, "n": {"type": "integer"}}}


def test_sealing_leaves_no_circle_of_references() -> None:
    vault = Vault(Settings(master_keys=new_key("one").line))
    seal_parameters(vault, _SCHEMA, {"n": 1, "login": {"user": "a"}})
    gc.collect()
    gc.disable()
    try:
        changed, sealed = seal_parameters(vault, _SCHEMA, {"n": 1, "login": {"user": "a", "keys": ["b"]}})
        left = gc.collect()
    finally:
        gc.enable()
    assert changed["n"] == 1
    assert len(sealed) == 1
    assert left == 0
