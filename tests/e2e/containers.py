"""Containers for the tests, by whatever builds and runs images: each as `deploy/compose.yaml` would run it."""

from __future__ import annotations

import os
import shlex
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 1_200.0
CALL_SECONDS = 120.0


def compose() -> dict[str, Any]:
    """The services of `deploy/compose.yaml`, by name."""
    services: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())["services"]
    return services


@dataclass
class Engine:
    """`command`: the words before `build` and `run`; `base`: the image to build on, empty for the Dockerfile's own."""

    command: tuple[str, ...]
    base: str = ""
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    started: list[str] = field(default_factory=list)

    @classmethod
    def given(cls) -> Engine | None:
        """The one that ATTUNE_TEST_ENGINE names (`docker`, `podman --root ...`), on ATTUNE_TEST_BASE."""
        command = shlex.split(os.environ.get("ATTUNE_TEST_ENGINE", ""))
        return cls(tuple(command), os.environ.get("ATTUNE_TEST_BASE", "")) if command else None

    def build(self, target: str) -> str:
        """The image of one target of the Dockerfile."""
        image = f"attune-test-{target}"
        base = ("--build-arg", f"BASE={self.base}") if self.base else ()
        self.call("build", *base, "--target", target, "--tag", image,
                  "--file", str(ROOT / "deploy/images/Dockerfile"), str(ROOT), seconds=BUILD_SECONDS)  # fmt: skip
        return image

    def once(self, image: str, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one command in a container of the image; whatever its exit status is."""
        options = (*_options(compose()["api"], variables), "--rm", "--entrypoint", command[0])
        return self._run("run", *options, image, *command[1:], seconds=CALL_SECONDS)

    def start(self, service: str, image: str, variables: Mapping[str, str]) -> str:
        """A service of compose.yaml in the background, in this machine's network; the name of its container."""
        name = f"attune-{self.mark}-{service}"
        self.started.append(name)
        self.call("run", "--detach", "--name", name, *_options(compose()[service], variables), image)
        return name

    def says(self, name: str, *command: str) -> bool:
        """Whether the command in that container ends well."""
        return self._run("exec", name, *command, seconds=CALL_SECONDS).returncode == 0

    def logs(self, name: str) -> str:
        done = self._run("logs", name, seconds=CALL_SECONDS)
        return done.stdout + done.stderr

    def remove_all(self) -> None:
        for name in reversed(self.started):
            self._run("rm", "--force", "--volumes", name, seconds=CALL_SECONDS)

    def call(self, *arguments: str, seconds: float = CALL_SECONDS) -> str:
        done = self._run(*arguments, seconds=seconds)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def _run(self, *arguments: str, seconds: float) -> subprocess.CompletedProcess[str]:
        command = [*self.command, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)


def _options(service: Mapping[str, Any], variables: Mapping[str, str]) -> tuple[str, ...]:
    """What compose.yaml says of a container, as options of `run`."""
    flags = ["--network", "host"]
    flags += ["--read-only"] if service.get("read_only") else []
    for key, option in (("tmpfs", "--tmpfs"), ("volumes", "--volume"), ("cap_drop", "--cap-drop")):
        flags += [word for value in service.get(key, ()) for word in (option, value)]
    for value in service.get("security_opt", ()):
        flags += ["--security-opt", value.replace(":true", "")]
    for name, value in variables.items():
        flags += ["--env", f"{name}={value}"]
    return tuple(flags)
