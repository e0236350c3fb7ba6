"""Every refusal that a client can meet, as one family; `problems` turns it into an RFC 9457 answer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from attune_core.errors import AttuneError, DefinitionError, Problem, Severity


class ApiError(AttuneError):
    """A refusal with an HTTP status.

    `errors` are the places that are wrong: `{path, message, hint, ...}`. `headers` go out with the answer.
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"
    code = "bad_request"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str = "",
        errors: Iterable[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.errors = [{"path": "", "message": "", "hint": "", **error} for error in errors]
        self.headers = dict(headers or {})


class BadRequest(ApiError):
    """The request cannot be read at all."""


class Unauthenticated(ApiError):
    """No valid token. The answer never tells which part of it was wrong."""

    status, title, code = 401, "Not authenticated", "unauthenticated"

    def __init__(self, message: str = "a valid token is needed", **rest: Any) -> None:
        rest.setdefault("headers", {"WWW-Authenticate": 'Bearer realm="attune"'})
        rest.setdefault("hint", "send `Authorization: Bearer att_<id>_<secret>`")
        super().__init__(message, **rest)


class Forbidden(ApiError):
    status, title, code = 403, "Forbidden", "forbidden"


class NotFound(ApiError):
    """There is no such thing, or the caller may not see it."""

    status, title, code = 404, "Not found", "not_found"


class WrongMethod(ApiError):
    status, title, code = 405, "Method not allowed", "method_not_allowed"


class RequestTimeout(ApiError):
    """The body came too slowly."""

    status, title, code = 408, "Request timeout", "request_timeout"


class Conflict(ApiError):
    """The thing's present state does not allow it."""

    status, title, code = 409, "Conflict", "conflict"


class Gone(ApiError):
    """It was there, and its time is over."""

    status, title, code = 410, "Gone", "gone"


class PreconditionFailed(ApiError):
    """What `If-Match` or `If-None-Match` asked for is not so (any more)."""

    status, title, code = 412, "Precondition failed", "precondition_failed"


class TooLarge(ApiError):
    status, title, code = 413, "Content too large", "too_large"


class WrongMediaType(ApiError):
    status, title, code = 415, "Unsupported media type", "unsupported_media_type"


class Invalid(ApiError):
    """The request can be read, but what it says is not acceptable; `errors` names the places."""

    status, title, code = 422, "Not acceptable as it is", "invalid"

    @classmethod
    def at(cls, path: str, message: str, *, code: str | None = None, hint: str = "") -> Invalid:
        """One wrong place."""
        place = {"path": path, "message": message, "hint": hint}
        return cls(f"{path}: {message}", code=code, hint=hint, errors=[place])

    @classmethod
    def of_places(cls, places: Sequence[Mapping[str, Any]], code: str | None = None) -> Invalid:
        """All wrong places; the sentence is that of the first, and says how many more there are."""
        more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        return cls(f"{places[0]['path']}: {places[0]['message']}{more}", code=code, errors=places)

    @classmethod
    def of_schema(cls, findings: Iterable[tuple[str, str]], root: str, code: str) -> Invalid:
        """Findings of a JSON Schema, `(path, message)` below `root`."""
        places = [{"path": _join(root, path), "message": message, "hint": ""} for path, message in findings]
        return cls.of_places(places, code) if places else cls(root, code=code)

    @classmethod
    def of_definition(cls, refused: DefinitionError) -> Invalid:
        """All problems of a definition, each with its file, line and column."""
        wrong = [problem for problem in refused.problems if problem.severity is Severity.ERROR]
        count = f"{len(wrong)} problem" + ("" if len(wrong) == 1 else "s")
        first = f": {wrong[0]}" if wrong else ""
        return cls(count + first, code=refused.code, errors=map(problem_place, refused.problems))


class TooMany(ApiError):
    """Asked too often; `retry_after` seconds from now it may be asked again."""

    status, title, code = 429, "Too many requests", "too_many_requests"

    def __init__(self, message: str, *, retry_after: float, **rest: Any) -> None:
        super().__init__(message, headers={"Retry-After": str(max(1, math.ceil(retry_after)))}, **rest)


class Unavailable(ApiError):
    """The database or the bus is away; the same request may work in a moment."""

    status, title, code = 503, "Unavailable for the moment", "unavailable"

    def __init__(self, message: str, *, retry_after: int = 2, **rest: Any) -> None:
        rest.setdefault("headers", {"Retry-After": str(retry_after)})
        super().__init__(message, **rest)


FAMILY: dict[int, type[ApiError]] = {
    kind.status: kind
    for kind in (
        BadRequest, Unauthenticated, Forbidden, NotFound, WrongMethod, RequestTimeout, Conflict, Gone,
        PreconditionFailed, TooLarge,
        WrongMediaType, Invalid, TooMany, Unavailable,
    )
}  # fmt: skip


def problem_place(problem: Problem) -> dict[str, Any]:
    """A finding in a file as an item of `errors` (and of `warnings`)."""
    return {
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
        "code": problem.code,
        "severity": problem.severity.value,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
    }


def _join(root: str, path: str) -> str:
    if not path or path in ("$", "."):
        return root
    return root + path if path.startswith("[") else f"{root}.{path.lstrip('.')}"
