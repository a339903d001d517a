"""Which services are scaled by their load, and between what: written to nself.yml, or taken out of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nself.actions.config import change as config_change
from nself.actions.config.change import Edit, Target
from nself.actions.scale import rules
from nself.errors import ConfigError, UsageError
from nself.model import document_insert
from nself.model.project import Autoscale

SECTION = "autoscale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """`autoscale` is what holds now; null: the service is scaled by hand."""

    service: str
    autoscale: Autoscale | None
    changed: bool
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What of a rule is to be; None leaves it as it is."""

    min: int | None = None
    max: int | None = None
    cpu_threshold: int | None = None


def enable(target: Target, service: str, limits: Limits) -> Configured:
    """Have the controller keep `service` between two numbers of replicas. UsageError when it cannot have several."""
    project = target.inspect().checked()
    now = rules.current(project, target.host, service)
    wanted = {"min": limits.min, "max": limits.max, "cpu_threshold": limits.cpu_threshold}
    given = {key: value for key, value in wanted.items() if value is not None}
    before = project.autoscale.get(service)
    after = replace(before or Autoscale(min=2, max=10, cpu_threshold=70), **given)
    if after.min > after.max:
        raise UsageError(f"--min {after.min} is more than --max {after.max}")
    rules.check(project, service, replace(now, replicas=1), replace(now, replicas=after.max))
    if after == before:
        return Configured(service=service, autoscale=after, changed=False, files=())
    pairs = {"min": after.min, "max": after.max, "cpu_threshold": after.cpu_threshold}
    edits = config_change.document_edits(target, {(SECTION, service, key): str(value) for key, value in pairs.items()})
    config_change.apply(target, edits, f"scale auto {service}")
    return Configured(service=service, autoscale=after, changed=True, files=tuple(edit.file for edit in edits))


def disable(target: Target, service: str) -> Configured:
    """Its replicas stay as many as there are."""
    found = target.inspect()
    project = found.checked()
    if service not in project.autoscale:
        rules.current(project, target.host, service)
        return Configured(service=service, autoscale=None, changed=False, files=())
    file = found.document.file or ""
    old = target.host.read(target.root / file)
    new = document_insert.remove(old, SECTION, service)
    if new is None:
        raise ConfigError(
            f"{file} is written in a way that {SECTION}.{service} cannot be taken out of by itself",
            fixes=[f"remove {SECTION}.{service} yourself"],
        )
    config_change.apply(target, [Edit(file=file, old=old, new=new)], f"scale auto {service} --disable")
    return Configured(service=service, autoscale=None, changed=True, files=(file,))
