"""Questions to an index."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nself.actions.search.opened import Opened, Place, declared, run, some
from nself.errors import UsageError
from nself.records import dataclass
from nself.search.engine import Query as Query
from nself.search.settings import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """`values` are {"value", "count"}, the most frequent first; the counts are estimates unless `exact`."""

    values: tuple[dict[str, Any], ...]
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`total` is a count when `exact`, else an estimate. `corrected` is the query that was answered when the one that
    was asked has words no document has. `problem` says why the index may not be up to date."""

    engine: Kind
    index: str
    hits: tuple[dict[str, Any], ...]
    total: int
    exact: bool
    corrected: str | None
    problem: str | None
    facets: Mapping[str, Counted]
    ms: float


def query(at: Place, index: str, asked: Query) -> Found:
    if "\0" in asked.text:
        raise UsageError("a query cannot hold the character NUL")

    async def act(opened: Opened) -> Found:
        began = at.host.monotonic()
        answer = await opened.engine.query(index, asked)
        took = (at.host.monotonic() - began) * 1000
        return Found(
            engine=opened.kind,
            index=index,
            hits=tuple(
                {"id": hit.id, "rank": hit.rank, "document": hit.document, "highlight": hit.highlight}
                for hit in answer.hits
            ),
            total=answer.total,
            exact=answer.exact,
            corrected=answer.corrected,
            problem=answer.problem,
            facets={
                name: Counted(values=tuple(dict(each) for each in facet.values), exact=facet.exact)
                for name, facet in answer.facets.items()
            },
            ms=round(took, 2),
        )

    return run(at, act)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What became of looking for a row by one of its own words; `word` is None when no row has a word."""

    index: str
    word: str | None
    ok: bool
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    engine: Kind
    indexes: tuple[Proof, ...]
    ok: bool


def prove(at: Place, names: Sequence[str]) -> Proved:
    """Take a row of each index's table, ask the index for its longest word, and see whether the row is found."""
    indexes = some(declared(at), names)

    async def act(opened: Opened) -> Proved:
        sources = await opened.checked(indexes)
        proofs = tuple([await _proof(at, opened, source) for source in sources])
        return Proved(engine=opened.kind, indexes=proofs, ok=all(each.ok for each in proofs))

    return run(at, act)


async def _proof(at: Place, opened: Opened, source: Any) -> Proof:
    from nself.search import documents

    async for batch in documents.every(opened.database, source):
        for document in batch:
            texts = (document[name] for name in source.index.fields if isinstance(document[name], str))
            words = sorted(re.findall(r"[^\W\d_]{4,40}", " ".join(texts)), key=len)
            if not words:
                continue
            began = at.host.monotonic()
            answer = await opened.engine.query(source.name, Query(text=f"{words[-1]} ", limit=1000))
            took = (at.host.monotonic() - began) * 1000
            # Of a word that very many rows have, the row need not be among the best.
            ok = document[source.key] in [hit.id for hit in answer.hits] or len(answer.hits) == 1000
            return Proof(index=source.name, word=words[-1], ok=ok, ms=round(took, 2))
    return Proof(index=source.name, word=None, ok=True, ms=0)
