"""How a call fails."""

from __future__ import annotations


class RequestFailed(Exception):
    """`type`: connection_error, timeout, egress_denied, bad_url, response_too_large, too_many_redirects.

    `sent`: whether the other side may have got it.
    """

    def __init__(self, type: str, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.type = type
        self.message = message
        self.sent = sent
