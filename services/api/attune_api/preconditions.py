"""`If-Match` and `If-None-Match`: a change happens only while the thing is as the caller has seen it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

from attune_api.errors import Invalid, PreconditionFailed

_TAG = re.compile(r'(?:W/)?"([^"]{1,64})"\Z')


@dataclass(frozen=True, slots=True)
class Expected:
    """`tags`: one of them must be the current one; `exists`, `absent`: it must be there, or not be there."""

    tags: tuple[str, ...] = ()
    exists: bool = False
    absent: bool = False

    @property
    def anything(self) -> bool:
        return not (self.tags or self.exists or self.absent)

    @property
    def versions(self) -> list[int] | None:
        """The tags as the numbers that they are; None when any version will do."""
        return [int(tag) for tag in self.tags if tag.isdecimal() and len(tag) < 19] if self.tags else None

    def check(self, current: object | None) -> None:
        """`current`: the version of what is there, None when nothing is. Errors: PreconditionFailed."""
        if self.absent and current is not None:
            raise PreconditionFailed("it is there already", hint="leave out `If-None-Match` to replace it")
        if self.exists and current is None:
            raise PreconditionFailed("it is not there", hint="leave out `If-Match` to make it")
        if self.tags and (current is None or str(current) not in self.tags):
            shown = "it is not there" if current is None else f"it has the version {current} by now"
            raise PreconditionFailed(shown, hint="read it again, and send its ETag as `If-Match`")


def expected(
    if_match: Annotated[str | None, Header(alias="If-Match", max_length=1000)] = None,
    if_none_match: Annotated[str | None, Header(alias="If-None-Match", max_length=1000)] = None,
) -> Expected:
    """Errors: Invalid."""
    if if_none_match is not None and if_none_match.strip() != "*":
        raise Invalid.at("header.If-None-Match", "only * is understood here")
    if if_match is not None and if_none_match is not None:
        raise Invalid.at("header.If-None-Match", "cannot be together with If-Match")
    if if_match is not None and if_match.strip() == "*":
        return Expected(exists=True)
    return Expected(_tags(if_match), absent=if_none_match is not None)


def _tags(header: str | None) -> tuple[str, ...]:
    if header is None:
        return ()
    found = [_TAG.match(part.strip()) for part in header.split(",")]
    tags = tuple(one[1] for one in found if one is not None)
    if len(tags) != len(found):
        raise Invalid.at("header.If-Match", 'is not a list of tags like "12"', hint="send the ETag as it came")
    return tags


def etag(version: object) -> str:
    return f'"{version}"'


Precondition = Annotated[Expected, Depends(expected)]
