"""The one list of what can be configured, by environment variables `ATTUNE_*` or by arguments."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from attune_common.runtime.limits import MIB, Limits
from attune_common.runtime.retention_settings import Retention


def _default_slots() -> int:
    return max(8, 2 * (os.cpu_count() or 1))


def _default_worker_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


class Settings(BaseSettings):
    """Every field is the environment variable `ATTUNE_<FIELD>`; limits are `ATTUNE_LIMITS__<FIELD>`.

    Durations are seconds, sizes are bytes. An empty string means "not given".
    """

    model_config = SettingsConfigDict(env_prefix="ATTUNE_", env_nested_delimiter="__", extra="ignore")

    database_url: str = "postgresql://postgres@127.0.0.1:5432/attune"
    amqp_url: str = "amqp://guest:guest@127.0.0.1:5672/"
    pool_size: int = Field(10, ge=1, le=500)
    plan_cache_mode: Literal["auto", "force_custom_plan", "force_generic_plan"] = "force_custom_plan"

    connect_timeout: float = 4.0
    acquire_timeout: float = 4.0
    statement_timeout: float = 5.0
    lock_timeout: float = 3.0
    idle_in_transaction_timeout: float = 8.0
    publish_timeout: float = 4.0

    api_url: str = "http://127.0.0.1:8080"
    api_host: str = "127.0.0.1"
    api_port: int = 8080
    notifier_host: str = "127.0.0.1"
    notifier_port: int = 8081
    notifier_url: str = ""
    health_host: str = "127.0.0.1"
    health_port: int = 0

    api_token: str = ""
    bootstrap_admin_token: str = ""
    bootstrap_worker_token: str = ""

    master_keys: str = Field("", repr=False)
    master_key_file: Path | None = None
    session_seconds: float = Field(12 * 3600.0, gt=0)
    login_failures: int = Field(5, ge=1)

    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_audiences: str = ""
    oidc_scopes: str = "openid profile email"
    oidc_login_claim: str = "preferred_username,email"
    oidc_role_claim: str = "groups"
    oidc_roles: str = ""
    oidc_default_role: str = ""

    data_dir: Path = Path("~/.local/share/attune")
    allow_local_paths: bool = False
    log_level: str = "info"
    log_format: Literal["json", "console"] = "json"

    worker_pools: str = "default"
    worker_slots: int = Field(default_factory=_default_slots, ge=1)
    worker_name: str = Field(default_factory=_default_worker_name)
    worker_memory: int = Field(4 * 1024 * MIB, ge=0)
    worker_uid: int | None = None
    accept_window: float = 0.02
    api_patience: float = Field(120.0, ge=0)
    lease_seconds: float = 30.0
    heartbeat_seconds: float = 10.0
    self_fence_seconds: float = 20.0
    grace_seconds: float = 30.0
    egress: str = ""

    sweep_seconds: float = 1.0
    dispatch_lost_seconds: float = 30.0
    cancel_lost_seconds: float = 60.0
    outbox_stale_seconds: float = 1.0
    batch_size: int = 200
    window: int = 100

    timer_grace_seconds: float = 10.0
    sensor_name: str = Field(default_factory=_default_worker_name)
    sensor_slots: int = Field(100, ge=1)
    sensor_lease_seconds: float = 15.0
    sensor_heartbeat_seconds: float = 3.0

    environment: str = Field("", pattern=r"^([a-z0-9][a-z0-9_-]{0,62})?$")
    webhook_tolerance: float = 300.0
    max_body: int = MIB
    max_pack: int = 32 * MIB
    limits: Limits = Limits()
    retention: Retention = Retention()

    @field_validator("master_key_file", mode="before")
    @classmethod
    def _no_file(cls, value: Any) -> Any:
        return value or None

    @field_validator("data_dir", mode="after")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def pools(self) -> tuple[str, ...]:
        """The worker pools by name, from the comma separated `worker_pools`."""
        return tuple(name.strip() for name in self.worker_pools.split(",") if name.strip())

    def all_limits(self) -> dict[str, int]:
        """Every limit by name, as `GET /api/v1/limits` shows them."""
        return {"max_body": self.max_body, "max_pack": self.max_pack, **self.limits.model_dump()}
