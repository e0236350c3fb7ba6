"""Passwords: kept as argon2id hashes; checking one takes the same time whether there is anybody or not."""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from attune_api.errors import Unavailable

SHORTEST, LONGEST = 10, 1_000
_AT_ONCE = 2
_MOST_WAITING = 50
_OF_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OTAxMjM0NQ$" + "qP8Ijh7xXTbOHjdVUVuI0XmtQzPdMSX4jAXzOCkWqCk"
"""A hash that no password has; with the same parameters as real ones."""


class Passwords:
    """Hashing is slow on purpose and takes 64 MiB: few at once, in threads, and no queue without end."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Errors: Unavailable."""
        async with _Turn(self):
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether the password has this hash; for None the same work, and no. Errors: Unavailable."""
        async with _Turn(self):
            return await asyncio.to_thread(self._fits, password, kept or _OF_NOBODY) and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _fits(self, password: str, kept: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


class _Turn:
    def __init__(self, passwords: Passwords) -> None:
        self._of = passwords

    async def __aenter__(self) -> None:
        if self._of._waiting >= _MOST_WAITING:
            raise Unavailable("too many logins at once", code="busy")
        self._of._waiting += 1
        try:
            await self._of._slots.acquire()
        finally:
            self._of._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._of._slots.release()
