"""Faults of content that the models of bodies find, so that they are told together with those of shape."""

from __future__ import annotations

from pydantic_core import PydanticCustomError

from attune_core.errors import AttuneError

KIND = "attune"


def fault(problem: AttuneError) -> PydanticCustomError:
    """To be raised by a validator; its code and hint reach the client."""
    given = {"message": problem.message, "code": problem.code, "hint": problem.hint}
    return PydanticCustomError(KIND, "{message}", given)
