"""How long what is over is kept."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

_DAY = 86_400.0


class Retention(BaseModel):
    """Days, 0 for ever. Set with `ATTUNE_RETENTION__<NAME>`.

    `executions` go with all that is theirs; `logs` and `journal` may go before. `events` go with the rules' verdicts.
    """

    model_config = ConfigDict(frozen=True)

    executions: float = Field(0, ge=0)
    logs: float = Field(0, ge=0)
    events: float = Field(0, ge=0)
    journal: float = Field(0, ge=0)
    audit: float = Field(0, ge=0)

    def seconds(self) -> dict[str, float]:
        """By kind, those alone that are not kept for ever."""
        return {kind: days * _DAY for kind, days in self.model_dump().items() if days}
