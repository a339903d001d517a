"""The auth tables in the GraphQL engine, under the names existing front ends query: `user`, `users`, `insertUser`...

`metadata.json` holds them as the metadata directory of a project does, so that either can bring them in.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nself.auth.engine import Engine
from nself.errors import NselfError

log = logging.getLogger("nself.auth")

METADATA = Path(__file__).parent / "metadata.json"
PRESENT = frozenset({"already-tracked", "already-exists"})
Operation = dict[str, Any]


async def keep_trying(engine: Engine, *, first_wait_s: float = 0.5, longest_wait_s: float = 60.0) -> None:
    """Track once the engine answers. Signing in does not depend on it, so nothing waits for this."""
    wait_s = first_wait_s
    while True:
        try:
            await track(engine)
        except NselfError as error:
            log.warning("the auth tables are not tracked yet, next try in %g s: %s", wait_s, error)
        else:
            return
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, longest_wait_s)


async def track(engine: Engine) -> int:
    """Track the tables that are not, add the relationships that are missing; what is there is left alone."""
    tables = load()
    results = await engine.metadata([track_table(table) for table in tables])
    fresh = [table for table, result in zip(tables, results, strict=True) if _done(result)]
    follow_ups = [*(operation for table in fresh for operation in enum(table))]
    follow_ups += [operation for table in tables for operation in relationships(table)]
    await _check(results + await engine.metadata(follow_ups))
    log.info("tracked %d auth tables in the GraphQL engine", len(fresh))
    return len(fresh)


def load() -> list[dict[str, Any]]:
    """The tables, in the form of a metadata file."""
    tables: list[dict[str, Any]] = json.loads(METADATA.read_text(encoding="utf-8"))
    return tables


def track_table(table: dict[str, Any]) -> Operation:
    args = {"source": "default", "table": table["table"], "configuration": table["configuration"]}
    return {"type": "pg_track_table", "args": args}


def enum(table: dict[str, Any]) -> Iterator[Operation]:
    if table.get("is_enum"):
        args = {"source": "default", "table": table["table"], "is_enum": True}
        yield {"type": "pg_set_table_is_enum", "args": args}


def relationships(table: dict[str, Any]) -> Iterator[Operation]:
    for kind in ("object", "array"):
        for relationship in table.get(f"{kind}_relationships", []):
            args = {"source": "default", "table": table["table"], **relationship}
            yield {"type": f"pg_create_{kind}_relationship", "args": args}


async def _check(results: list[dict[str, Any]]) -> None:
    for result in results:
        if not _done(result) and result.get("code") not in PRESENT:
            log.error("the GraphQL engine refused an auth table: %s at %s", result.get("error"), result.get("path"))


def _done(result: dict[str, Any]) -> bool:
    return result.get("message") == "success"
