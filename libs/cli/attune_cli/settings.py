"""The settings of this process, or a sentence about what is wrong with them."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from attune_common.runtime.settings import Settings
from attune_core.errors import AttuneError


class BadSettings(AttuneError):
    """A variable ATTUNE_* has a value that is none."""

    code = "bad_settings"


def load_settings(**given: Any) -> Settings:
    """The settings of the environment; those given win. Errors: BadSettings naming every variable."""
    try:
        return Settings(**given)
    except ValidationError as problem:
        findings = [f"ATTUNE_{'__'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in problem.errors()]
        raise BadSettings("; ".join(findings), hint="correct or unset it") from problem
