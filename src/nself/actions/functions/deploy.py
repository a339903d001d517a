"""Have the running service take up the functions as they are now, and see that each of them loads there."""

from __future__ import annotations

from collections.abc import Mapping

from nself.actions import restart, start
from nself.actions.door import open_door
from nself.actions.functions.call import GRACE_S
from nself.actions.functions.listing import functions
from nself.errors import NetworkError
from nself.events import Emit
from nself.functions.settings import FunctionsSettings
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.services import functions as service
from nself.services.server import in_dev


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """`error` is None for a function that loads."""

    name: str
    language: str
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """`restarted` are the services that were; in dev none need to be. `failed` are those that did not come back."""

    functions: tuple[Loaded, ...]
    restarted: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def validate(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit) -> Deployed:
    """Each function is loaded as the service would, with its variables and limits; none is called."""
    door = open_door(project, host, environ)
    limit = project.settings(FunctionsSettings, folder="functions").timeout_s
    patience = GRACE_S + limit * max(1, len(functions(project, emit).functions))
    with door.client(timeout_s=patience) as client:
        answer = door.request(client, service.NAME, "POST", "/_functions/load", headers=door.admin)
    if answer.status_code != 200:
        raise NetworkError(
            f"functions answered {answer.status_code} when asked to load all",
            fixes=["nself service functions logs", "nself restart functions"],
        )
    return Deployed(
        functions=tuple(
            Loaded(name=each["name"], language=each["language"], error=each["error"])
            for each in answer.json()["functions"]
        )
    )


def local(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit) -> Deployed:
    """In dev a change is seen by the next call; elsewhere code changes with a restart, which is made here."""
    if in_dev(project):
        return validate(project, host, environ, emit)
    done = restart.restart(
        project, host, environ, emit, services=(service.NAME,), settings=start.settings(environ, timeout_s=None)
    )
    if done.failed:
        return Deployed(functions=(), restarted=done.restarted, failed=tuple(each.service for each in done.failed))
    found = validate(project, host, environ, emit)
    return Deployed(functions=found.functions, restarted=done.restarted)


def exit_code(found: Deployed) -> int:
    return 1 if found.failed or any(each.error for each in found.functions) else 0
