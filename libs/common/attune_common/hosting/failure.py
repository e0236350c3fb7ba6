"""How an attempt fails: raised by runtimes and natives, told as the execution's error."""

from __future__ import annotations

from typing import Any


class ActionFailure(Exception):
    """`type` is a word that workflows decide on; `details` are further members of the error."""

    def __init__(self, type: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.type = type
        self.message = message
        self.details = details

    def as_error(self) -> dict[str, Any]:
        return {"type": self.type, "message": self.message, **self.details}
