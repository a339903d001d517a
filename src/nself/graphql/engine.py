"""The door of the GraphQL room: metadata in, an operation and a session in, response bytes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.metadata.model import Inconsistency, Metadata
from nself.graphql.session import Session
from nself.pg.catalog import Catalog
from nself.pg.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One GraphQL request as it came in."""

    query: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None


class Engine:
    """Serves one database. `load` swaps catalog and metadata in at once; running requests keep what they began with."""

    def __init__(self, database: Database, *, stringify_numerics: bool = False, show_internal: bool = False) -> None:
        self._database = database
        self._stringify_numerics, self._show_internal = stringify_numerics, show_internal
        self._catalog = Catalog()

    @property
    def catalog(self) -> Catalog:
        return self._catalog

    async def load(self, metadata: Metadata) -> list[Inconsistency]:
        """Read the catalog, build the schema, swap both in. What metadata names in vain is returned and left out."""
        return []

    async def execute(self, request: Request, session: Session) -> bytes:
        """The complete JSON body, `{"data": ...}`. Raises ApiError."""
        raise ApiError("validation-failed", "no queries exist")

    async def explain(self, request: Request, session: Session) -> list[dict[str, Any]]:
        """`{field, sql, plan}` for each root field of a query."""
        raise ApiError("validation-failed", "no queries exist")
