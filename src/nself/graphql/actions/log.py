"""`hdb_catalog.hdb_action_log`: calls of asynchronous actions, waiting, under way and done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nself.graphql import joins
from nself.graphql.sql.statement import translating
from nself.pg import queries
from nself.pg.database import Database
from nself.records import dataclass

SQL = queries.load("nself.graphql.actions")
Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A call somebody asked for."""

    id: str
    action: str
    input: Json
    headers: Mapping[str, str]
    session_variables: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How far a call came. All but `id` are JSON; the last two are None until the webhook answered."""

    id: str
    created_at: str
    output: str | None
    errors: str | None


class ActionLog:
    """Kept where the metadata is, and shared by all engines there: a call that one has taken is its own until the lease
    ends, however the engine ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self) -> None:
        """Create what is missing. Two servers starting at once do not trip over each other."""
        if await self._database.fetch_value(SQL["exists"]):
            return
        async with self._database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('nself:hdb_action_log'))")
            await connection.execute(SQL["create"])

    async def put(
        self, action: str, given: Json, headers: Mapping[str, str], session_variables: Mapping[str, str]
    ) -> str:
        """The call's id."""
        texts = (_text(given), _text(headers), _text(session_variables))
        with translating("$"):
            return str(await self._database.fetch_value(SQL["put"], action, *texts))

    async def take(self, most: int, *, lease_s: float) -> list[Waiting]:
        """Calls that nobody works on, the oldest first."""
        rows = await self._database.fetch(SQL["take"], most, lease_s)
        return [
            Waiting(
                id=row[0],
                action=row[1],
                input=joins.decode(row[2]),
                headers=joins.decode(row[3]),
                session_variables=joins.decode(row[4]),
            )
            for row in rows
        ]

    async def finish(self, id_: str, *, output: Json = None, errors: Json = None) -> None:
        told = None if errors is None else _text(errors)
        await self._database.execute(SQL["finish"], id_, None if told else _text(output), told)

    async def give_back(self, ids: Sequence[str]) -> None:
        """To be taken again by whoever comes first."""
        await self._database.execute(SQL["give_back"], ids)

    async def find(self, id_: str, action: str, session_variables: Mapping[str, str], *, any_: bool) -> Outcome | None:
        """The call if it was made under these very session variables, or `any_`."""
        with translating("$"):
            row = await self._database.fetch_row(SQL["find"], id_, action, any_, _text(session_variables))
        return Outcome(id=row[0], created_at=row[1], output=row[2], errors=row[3]) if row else None

    async def forget(self, action: str) -> None:
        """Every call of that action."""
        await self._database.execute(SQL["forget"], action)


def _text(value: Json) -> str:
    return joins.encode(value).decode()
