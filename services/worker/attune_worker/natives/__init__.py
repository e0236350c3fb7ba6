"""The native actions by name: coroutine functions of the attempt and the action's parameters.

Each returns the result; it fails by raising ActionFailure and is cancelled when the attempt is stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from attune_worker.natives import basic, email, http, platform, waiting

Native = Callable[..., Coroutine[Any, Any, Any]]

NATIVES: dict[str, Native] = {
    "core.noop": basic.noop,
    "core.echo": basic.echo,
    "core.sleep": basic.sleep,
    "core.fail": basic.fail,
    "core.now": basic.now,
    "core.uuid": basic.new_uuid,
    "core.http": http.http,
    "core.webhook": http.webhook,
    "core.kv_get": platform.kv_get,
    "core.kv_set": platform.kv_set,
    "core.kv_delete": platform.kv_delete,
    "core.kv_increment": platform.kv_increment,
    "core.emit_event": platform.emit_event,
    "core.run_workflow": platform.run_workflow,
    "core.wait_until": waiting.wait_until,
    "core.email": email.email,
}

INSTANT = frozenset({"core.noop", "core.echo", "core.fail", "core.now", "core.uuid"})
"""Those that never wait: they are run where they arrive."""
