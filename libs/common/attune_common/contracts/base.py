"""The base of every message: strict about what we send, tolerant of fields that a newer sender adds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
