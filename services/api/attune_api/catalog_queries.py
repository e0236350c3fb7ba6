"""What lists of definitions, keys and identities may be asked for: the query of each as a model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from attune_api.names import BEGINNING
from attune_api.paging import Paging
from attune_api.permissions import Role
from attune_api.queries import Login, RefText


class OfPack(Paging):
    pack: RefText | None = None


class Rules(OfPack):
    trigger: RefText | None = None


class Policies(OfPack):
    action: RefText | None = None


class Packs(Paging):
    archived: bool = Field(False, description="Those too that are kept for their history alone.")


class Keys(Paging):
    prefix: Annotated[str, StringConstraints(pattern=BEGINNING, max_length=255)] | None = Field(
        None, description="What the keys begin with: `pack:web/` for those of a pack."
    )


class Identities(Paging):
    kind: Literal["user", "service"] | None = None
    role: Role | None = None


class Tokens(Paging):
    login: Login | None = None


class Workers(Paging):
    pool: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")] | None = None
