"""A service as a process that has forgotten the command line, which would be 10 MB of each.

The process stays the same: its program is replaced by `python -m attune_cli.serve SERVICE OPTIONS`.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

_ALLOCATOR = {"MALLOC_ARENA_MAX": "2"}
"""For the C library, unless the environment says otherwise: no heap of its own for every thread."""


def run(service: str, **given: Any) -> NoReturn:
    """Become the service. Only options that were given override its settings."""
    options = json.dumps({name: value for name, value in given.items() if value is not None})
    sys.stdout.flush()
    sys.stderr.flush()
    command = [sys.executable, "-m", "attune_cli.serve", service, options]
    os.execve(sys.executable, command, _ALLOCATOR | dict(os.environ))


def _serve(service: str, options: str) -> None:
    """The service's `main(settings, stopping)` until a signal."""
    from attune_cli.settings import load_settings
    from attune_common.runtime import logging
    from attune_common.runtime.lifecycle import run_service

    main = import_module(f"attune_{service}.app").main
    settings = load_settings(**json.loads(options))
    logging.configure(settings, service)
    run_service(lambda stopping: main(settings, stopping))


if __name__ == "__main__":
    from attune_cli.mishaps import told

    told(lambda: _serve(*sys.argv[1:3]))
