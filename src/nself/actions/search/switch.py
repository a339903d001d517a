"""Switch search on and off, and choose its engine: settings only, the next start does the rest."""

from __future__ import annotations

from nself.actions import project as projects
from nself.actions.config import change as config_change
from nself.actions.config.change import Target
from nself.model.project import Project
from nself.records import dataclass
from nself.search.settings import Kind
from nself.services import meilisearch


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """`engine` is the one that searches now, null when none does; `changes` are the settings written, no secrets."""

    engine: Kind | None
    changes: tuple[str, ...]


def enable(target: Target, engine: str | None) -> Switched:
    """Search by `engine`, or by the one the project has. The key that Meilisearch needs is made when it is missing."""
    found = meilisearch.engine(_project(target))
    changes = []
    wanted = Kind(engine) if engine else found or Kind.POSTGRES
    if wanted is Kind.MEILISEARCH and not _has_key(target):
        made = config_change.generate_secrets(target, only=["MEILISEARCH_MASTER_KEY"])
        changes.append(f"{made.file}: made MEILISEARCH_MASTER_KEY")
    if found is None:
        changes.append(_set(target, "SEARCH_ENABLED", "true"))
    if wanted is not meilisearch.engine(_project(target)):
        changes.append(_set(target, "SEARCH_ENGINE", str(wanted)))
    return Switched(engine=meilisearch.engine(_project(target)), changes=tuple(changes))


def disable(target: Target) -> Switched:
    if meilisearch.engine(_project(target)) is None:
        return Switched(engine=None, changes=())
    return Switched(engine=None, changes=(_set(target, "SEARCH_ENABLED", "false"),))


def _set(target: Target, key: str, value: str) -> str:
    done = config_change.set_value(target, key, value)
    return f"{done.file}:{done.line}: {key}={value}"


def _has_key(target: Target) -> bool:
    value = _project(target).values.get("MEILISEARCH_MASTER_KEY")
    return value is not None and bool(value.text)


def _project(target: Target) -> Project:
    return projects.load(target.directory, target.environ, env=target.env, host=target.host)
