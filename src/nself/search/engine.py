"""What a search engine is to the rest of us: the seam for those that come later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Protocol

from nself.records import dataclass
from nself.search.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked. `filter` is {attribute: value, list of values, or {gt|gte|lt|lte|eq|ne: value}}; `sort` names
    attributes, with `-` before one for descending. `facets` are attributes whose values are to be counted; `exact` asks
    for counts of every match, however long that takes, where the engine can."""

    text: str
    limit: int = 20
    offset: int = 0
    filter: Mapping[str, Any] = field(default_factory=dict)
    sort: tuple[str, ...] = ()
    highlight: bool = False
    marks: tuple[str, str] = ("<mark>", "</mark>")
    facets: tuple[str, ...] = ()
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """`document` has the key, the fields and the attributes of the row. `highlight` is HTML, {} unless asked for."""

    id: Any
    rank: float | None
    document: Mapping[str, Any]
    highlight: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """How many matches have each value of an attribute, the most frequent first. Estimates unless `exact`."""

    values: tuple[Mapping[str, Any], ...]
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`total` is a count when `exact`, else an estimate. `corrected` is the query that was answered when it is not the
    one that was asked. `problem` says why the index may not be up to date."""

    hits: tuple[Hit, ...]
    total: int
    exact: bool
    corrected: str | None = None
    problem: str | None = None
    facets: Mapping[str, Facet] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """`pending` are changes the engine has not been told yet; sizes are bytes, None where the engine does not say."""

    documents: int
    pending: int = 0
    bytes: int | None = None
    words: int | None = None
    built_at: str | None = None
    problem: str | None = None


Progress = Callable[[str], None]


class Engine(Protocol):
    """An engine over one database. Every method names the index; a `Source` is its checked definition."""

    async def prepare(self) -> None:
        """Make what all indexes share. Done before, it changes nothing."""
        ...

    async def built(self) -> Mapping[str, Mapping[str, Any]]:
        """{index: the definition it was built by} of those that answer."""
        ...

    async def build(self, source: Source, progress: Progress) -> int:
        """Index every row anew while the old index answers, then put the new one in its place; the number of rows."""
        ...

    async def sync(self, source: Source) -> int:
        """Tell the engine what changed since; the number of changed rows. Those that learn by themselves return 0."""
        ...

    async def query(self, index: str, query: Query) -> Answer: ...

    async def stats(self, index: str) -> Stats: ...

    async def drop(self, index: str) -> None:
        """Remove the index and everything that kept it up to date. The source is not touched."""
        ...
