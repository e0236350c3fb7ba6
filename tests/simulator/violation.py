"""What must not happen and did."""

from __future__ import annotations


class Violation(BaseException):
    """Not an Exception, so that no part of the real code takes it for an error that it knows how to handle."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail = kind, detail
