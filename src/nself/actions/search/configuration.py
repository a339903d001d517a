"""How search is set up: its settings, the declared indexes, and the page an engine may have."""

from __future__ import annotations

from dataclasses import field

from nself.actions import urls
from nself.actions.config import read as config
from nself.actions.search.opened import Place, declared, engine
from nself.errors import UsageError
from nself.model.load import Loaded
from nself.records import dataclass
from nself.search import definition
from nself.search.settings import Kind, MeilisearchSettings, SearchSettings
from nself.services import meilisearch
from nself.settings import describe


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`value` is masked when it is secret; `source` is `file:line`, None for a default."""

    key: str
    value: str = field(repr=False)
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """`engine` is None when search is switched off; `indexes` are those of `file`."""

    engine: Kind | None
    file: str
    indexes: tuple[str, ...]
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    engine: Kind
    url: str


def configuration(at: Place, loaded: Loaded) -> Configuration:
    kinds = (SearchSettings, MeilisearchSettings)
    keys = [item.variable.name for kind in kinds for item in describe(kind)]
    got = [config.get(loaded, key) for key in keys]
    return Configuration(
        engine=meilisearch.engine(at.project),
        file=definition.FILE,
        indexes=tuple(index.name for index in declared(at)),
        settings=tuple(
            Setting(key=each.key, value=each.value or "", source=None if each.source == "default" else each.source)
            for each in got
        ),
    )


def page(at: Place) -> Page:
    """Where the engine's own search page is: Meilisearch has one in development, PostgreSQL has none."""
    kind = engine(at)
    if kind is Kind.POSTGRES:
        raise UsageError(
            "PostgreSQL has no search page of its own",
            fixes=["nself service search query", "nself service search stats"],
        )
    if not meilisearch.has_page(at.project):
        raise UsageError(
            "Meilisearch shows its search page in development only", fixes=["MEILISEARCH_ENV=development, nself start"]
        )
    (found,) = urls.urls(at.project, at.host, at.environ, service=meilisearch.NAME).urls[:1]
    return Page(engine=kind, url=found.url or found.internal_url)
