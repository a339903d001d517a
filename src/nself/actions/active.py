"""Which runtime a project's stack was started on: every later command acts on that one until it is stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nself.errors import ConfigError
from nself.host import Host, LocalHost
from nself.model.layout import Layout
from nself.model.project import Engine, Project
from nself.model.spec import Runtime

NAMES = {Runtime.NATIVE: "natively", Runtime.COMPOSE: "in containers"}


def runtime(root: Path, host: Host) -> Runtime | None:
    """What runs, or was killed while it ran; None when the stack was stopped or never started."""
    marker = Layout(root).runtime
    text = host.read(marker).strip() if host.exists(marker) else ""
    return Runtime(text) if text in set(Runtime) else None


def remember(project: Project, host: LocalHost) -> None:
    if runtime(project.root, host) is not project.runtime:
        host.write(project.layout.runtime, f"{project.runtime}\n")


def forget(project: Project, host: LocalHost) -> None:
    host.remove(project.layout.runtime)


def refuse_other(project: Project, host: LocalHost, environ: Mapping[str, str]) -> None:
    """The two have data of their own: one that runs beside the other would be a second, empty backend."""
    from nself.actions.stack import open_stack

    for other, name in NAMES.items():
        if other is project.runtime or not host.exists(project.layout.build(other)):
            continue
        # Only whether it runs is asked: what runs in containers alone could not even be described natively.
        there = replace(project, runtime=other, engine=Engine.NSELF)
        if open_stack(there, host, environ).runtime.running():
            raise ConfigError(
                f"this project runs {name} already",
                fixes=[
                    f"nself migrate runtime {project.runtime}: moves it there with its data",
                    f"nself stop --runtime {other}, to start {NAMES[project.runtime]} with data of its own",
                ],
            )
