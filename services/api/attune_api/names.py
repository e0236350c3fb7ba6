"""Parts of addresses, checked before anything looks for them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BeforeValidator

REF = r"^[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$"
NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
KEY = r"^[A-Za-z0-9_.:@-]+(/[A-Za-z0-9_.:@-]+)*$"
BEGINNING = r"^[A-Za-z0-9_.:@/-]+$"
LOGIN = r"^[A-Za-z0-9][A-Za-z0-9._@-]*$"
PACK = r"^[A-Za-z0-9_][A-Za-z0-9_-]*$"
DIGEST = r"^[a-z0-9:]{16,80}$"
MAX_ID = 2**63 - 1

_EATEN_PLUS = re.compile(r".+:\d\d(\.\d+)? \d\d:?\d\d\Z")


def _in_digits(value: Any) -> Any:
    """One number has one spelling in addresses: neither `+1` nor `1.0`. Errors: ValueError."""
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]+", value):
        raise ValueError("is no number in digits")
    return value


Digits = BeforeValidator(_in_digits)

Id = Annotated[int, Digits, Path(ge=1, le=MAX_ID)]
Ref = Annotated[str, Path(pattern=REF, max_length=255, description="`pack` or `pack.name`")]
Key = Annotated[str, Path(pattern=KEY, max_length=255)]
Digest = Annotated[str, Path(pattern=DIGEST)]


def _usable(moment: datetime) -> datetime:
    """With room on both sides for zones and for spans that are added. Errors: ValueError."""
    if not 1900 <= moment.year <= 9000:
        raise ValueError("is no time between the years 1900 and 9000")
    return moment


def _with_its_plus(value: Any) -> Any:
    """Addresses make a space of a `+`. Errors: ValueError that says so."""
    if isinstance(value, str) and _EATEN_PLUS.match(value):
        raise ValueError("has a space where its zone begins: write `+` as %2B in an address")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_with_its_plus), AfterValidator(_usable)]
"""A time with a zone."""
