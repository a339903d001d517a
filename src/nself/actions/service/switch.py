"""Switch a service on or off: the one setting that does it, and the secrets it cannot start without."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from nself.actions import derived
from nself.actions import project as projects
from nself.actions.config import change as config_change
from nself.actions.config.change import Target
from nself.actions.service.listing import find
from nself.errors import UsageError
from nself.model.project import Project
from nself.model.service import Service
from nself.model.spec import Category
from nself.records import dataclass
from nself.settings import describe


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """`file` and `line` are where the setting now stands; None when it was so already, without being written.
    `generated` are names of secrets, never their values."""

    service: str
    enabled: bool
    changed: bool
    key: str
    file: str | None
    line: int | None
    generated: tuple[str, ...]


def switch(target: Target, word: str, *, on: bool) -> Switched:
    """Write the setting that turns a service on or off. What would not load, or changes nothing, is not written."""
    project = projects.load(target.directory, target.environ, env=target.env, host=target.host)
    service = find_switchable(project, word)
    key = service.switch
    assert key is not None
    if service.wanted(project) is on:
        value = project.values.get(key)
        where = (value.file, value.line) if value else (None, None)
        return Switched(
            service=service.name, enabled=on, changed=False, key=key, file=where[0], line=where[1], generated=()
        )
    if not on:
        _refuse_required(project, service, key, target)
    missing = _missing_secrets(project, service) if on else []
    _rehearse(target, service, [(key, str(on).lower()), *((name, secrets.token_hex(32)) for name in missing)], on=on)
    if missing:
        config_change.generate_secrets(target, only=missing)
    done = config_change.set_value(target, key, str(on).lower())
    if not done.effective:
        raise UsageError(
            f"{done.file}:{done.line} now says {key}={done.value}, but {done.winner} says otherwise and wins",
            fixes=[f"change it there, or: nself config explain {key}"],
        )
    return Switched(
        service=service.name,
        enabled=on,
        changed=True,
        key=key,
        file=done.file,
        line=done.line,
        generated=tuple(missing),
    )


def find_switchable(project: Project, word: str) -> Service:
    if any(each.name == word for each in project.custom):
        raise UsageError(
            f"{word} is a service of your own: it runs as long as the project's files name it",
            fixes=["set its replicas to 0 (CS_N_REPLICAS) to have none", f"nself stop {word}"],
        )
    service = find(word)
    if service.switch is None:
        raise UsageError(f"{service.name} has no switch: every stack has one", fixes=["nself service list"])
    return service


def _refuse_required(project: Project, service: Service, key: str, target: Target) -> None:
    if service.category is not Category.REQUIRED:
        return
    specs = derived.remembered(project, target.host).specs
    users = [spec.name for spec in specs if service.name in spec.needs]
    reason = f": {', '.join(users)} cannot run without it" if users else ""
    raise UsageError(
        f"{service.name} is a required service{reason}",
        fixes=[
            f"nself stop {service.name} stops it for now",
            f"if you know what you do: nself config set {key} false",
        ],
    )


def _missing_secrets(project: Project, service: Service) -> list[str]:
    wanted = {item.variable for cls in service.settings for item in describe(cls) if item.variable.generate}
    return sorted(
        variable.name
        for variable in wanted
        if not any(name in project.values and project.values[name].text for name in (variable.name, *variable.aliases))
    )


def _rehearse(target: Target, service: Service, changes: Sequence[tuple[str, str]], *, on: bool) -> None:
    """The project as it would be: every problem of it is raised, and so is a setting that changes nothing."""
    after = projects.load(target.directory, target.environ, env=target.env, host=target.host, overrides=changes)
    key, value = changes[0]
    if service.wanted(after) is not on:
        raise UsageError(
            f"{key}={value} would not switch {service.name} {'on' if on else 'off'} in this project ({after.env})",
            fixes=[f"nself config explain {key}"],
        )
    derived.remembered(after, target.host)
