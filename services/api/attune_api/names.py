"""Parts of addresses, checked before anything looks for them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

REF = r"^[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$"
NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
KEY = r"^[A-Za-z0-9_.:@-]+(/[A-Za-z0-9_.:@-]+)*$"
BEGINNING = r"^[A-Za-z0-9_.:@/-]+$"
LOGIN = r"^[A-Za-z0-9][A-Za-z0-9._@-]*$"
PACK = r"^[A-Za-z0-9_][A-Za-z0-9_-]*$"
DIGEST = r"^[a-z0-9:]{16,80}$"
MAX_ID = 2**63 - 1

Id = Annotated[int, Path(ge=1, le=MAX_ID)]
Ref = Annotated[str, Path(pattern=REF, max_length=255, description="`pack` or `pack.name`")]
Key = Annotated[str, Path(pattern=KEY, max_length=255)]
Digest = Annotated[str, Path(pattern=DIGEST)]

IdFilter = Annotated[int | None, Query(ge=1, le=MAX_ID)]
RefFilter = Annotated[str | None, Query(pattern=REF, max_length=255)]
