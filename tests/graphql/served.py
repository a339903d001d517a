"""An engine on a database of its own, driven from synchronous tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import pytest
import yaml

from nself.graphql.engine import Engine, Request
from nself.graphql.errors import ApiError
from nself.graphql.metadata import parse
from nself.graphql.metadata.model import Inconsistency
from nself.graphql.sessions.session import Session
from nself.graphql.sources.pools import Pools
from nself.pg.database import Database

GOLDEN = Path(__file__).parent.parent / "golden" / "graphql"
T = TypeVar("T")


class Served:
    """`ask` gives the data, `refused` the error of a request that must fail."""

    def __init__(self, dsn: str, **options: bool) -> None:
        self._runner = asyncio.Runner()
        self.database = self.run(Database.open(dsn, name="test", max_size=4, raw_json=True))
        self.engine = Engine(Pools(self.database, dsn), **options)

    def __enter__(self) -> Served:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.run(self.database.close())
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def sql(self, text: str) -> None:
        self.run(self.database.execute(text))  # type: ignore[arg-type]  # tests write their own SQL

    def load(self, document: Mapping[str, Any]) -> list[Inconsistency]:
        return self.run(self.engine.load(parse.metadata(document)))

    def track(self, *tables: Mapping[str, Any] | str) -> list[Inconsistency]:
        """Load metadata with these tables; a bare name is a table of `public` that only admin may use."""
        listed = [{"table": {"schema": "public", "name": t}} if isinstance(t, str) else t for t in tables]
        return self.load({"version": 3, "sources": [{"name": "default", "kind": "postgres", "tables": listed}]})

    def ask(self, query: str, variables: Any = None, **session: Any) -> Any:
        answer = json.loads(self.run(self.execute(query, variables, **session)))
        assert list(answer) == ["data"]
        return answer["data"]

    async def execute(
        self, query: str, variables: Any = None, *, role: str = "admin", name: str | None = None, **session: Any
    ) -> bytes:
        who = Session(role=role, variables=session.pop("session", {}), **session)
        reply = await self.engine.execute(Request(query=query, variables=variables, operation_name=name), who)
        return reply.body

    def refused(self, query: str, variables: Any = None, **session: Any) -> ApiError:
        with pytest.raises(ApiError) as caught:
            self.ask(query, variables, **session)
        return caught.value


def metadata() -> dict[str, Any]:
    """The metadata of the golden cases."""
    document: dict[str, Any] = yaml.safe_load((GOLDEN / "metadata.yaml").read_text())
    return document


def schema() -> str:
    return (GOLDEN / "schema.sql").read_text()
