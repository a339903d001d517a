"""Run a program as a service would: `psql` in the database, a shell with a server's variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nself.actions.stack import NotRunningError, open_stack
from nself.host import LocalHost
from nself.model.project import Project
from nself.runtimes.plan import ALIVE
from nself.runtimes.runtime import Command as Command
from nself.runtimes.runtime import Inside as Inside


def command(project: Project, host: LocalHost, environ: Mapping[str, str], service: str, wish: Inside) -> Command:
    """What `nself exec` becomes."""
    opened = open_stack(project, host, environ)
    spec = opened.spec(service)
    running = opened.runtime.observe().get(spec.name)
    if running is None or running.state not in ALIVE:
        raise NotRunningError(f"{service} is not running", fixes=[f"nself start {service}", "nself status"])
    given = wish.argv[1:] if wish.argv[:1] == ("--",) else wish.argv
    return opened.runtime.inside(spec, replace(wish, argv=given))
