"""The metadata that is in force: kept in the store, loaded in the engine, changed one request at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

from nself.graphql.engine import Engine
from nself.graphql.errors import ApiError
from nself.graphql.events import planning
from nself.graphql.events.installed import Installed
from nself.graphql.metadata import consistency, edit
from nself.graphql.metadata.conflicts import refuse_conflicts
from nself.graphql.metadata.inherited_roles import CONFLICT, refuse_cycles
from nself.graphql.metadata.model import Inconsistency, Metadata
from nself.graphql.metadata.store import StaleVersionError, Store, Stored
from nself.graphql.sessions.session import Session
from nself.pg.catalog import Catalog
from nself.pg.database import CONNECTION_LOST, Connection, Database, PostgresError

LOG = logging.getLogger("nself.graphql")
CANNOT_CONTINUE = "cannot continue due to new inconsistent metadata"
NEWLY_FOUND = "cannot continue due to newly found inconsistent metadata"
"""Hasura's words, and its status 500, when stored queries break."""


class Draft:
    """One request's work on the metadata. Commands replace it step by step; it comes into force when all went well."""

    def __init__(self, live: LiveMetadata, session: Session) -> None:
        self.session, self.engine = session, live.engine
        self.metadata, self.version = live.stored.metadata, live.stored.version
        self.found: Sequence[Inconsistency] = live.inconsistencies
        self.touched = False
        """Whether something is to be kept that is not yet: the metadata, or the news of a changed catalog."""
        self.settled = False
        """Whether the engine has seen the draft, or a part of it."""
        self.forgets_events = False
        """Whether the events that were captured go with the metadata."""
        self.store, self._saved, self._events = live.store, live.stored, live.events
        self._tolerated = {_key(entry) for entry in live.inconsistencies}
        self._subjects: set[str] = set()
        self._loaded: Metadata | None = live.stored.metadata

    def replace(self, metadata: Metadata, *, subject: str = "", tolerate: bool = False) -> None:
        """Take the change, unless it makes something inconsistent that was not. `subject` names what was changed."""
        conventions = self.engine.conventions
        refuse_conflicts(metadata, self.engine.catalogs, across=not tolerate, conventions=conventions)
        refuse_cycles(metadata.inherited_roles)
        found = consistency.check(metadata, self.engine.catalogs)
        self._subjects.add(subject)
        self._refuse_new(found, tolerate=tolerate)
        self.metadata, self.touched = metadata, True

    def concerns(self, subject: str) -> None:
        """This object is being changed as well: what is wrong with it is the change's own fault."""
        self._subjects.add(subject)

    def adopt(self, metadata: Metadata, catalogs: Mapping[str, Catalog]) -> None:
        """Take metadata that goes with catalogs the engine has not seen yet."""
        self._refuse_new(consistency.check(metadata, catalogs), tolerate=False)
        self.metadata, self.touched = metadata, True

    @property
    def kept_in(self) -> Database:
        """Where the metadata is, and what is logged beside it."""
        return self.store.database

    async def settle(self, *, tolerate: bool = False, retry: bool = False, only: Collection[str] | None = None) -> None:
        """Let the engine serve the draft now: a following command of the same request needs it. `retry` and `only` are
        the engine's."""
        if self.metadata is self._loaded:
            return
        await self._events.leave(self.metadata, self.engine.databases)
        engine_says = await self.engine.load(self.metadata, retry=retry, only=only)
        self._loaded, self.settled = self.metadata, True
        found = merged(consistency.check(self.metadata, self.engine.catalogs), engine_says)
        self._refuse_new(found, tolerate=tolerate)
        self.found = found
        await self._events.follow(self.metadata, self.engine.databases, self.engine.catalogs)

    async def save(self, *, within: Connection | None = None, of: Database | None = None) -> Stored:
        """Keep the draft. With SQL under way in the same database, both are kept or neither is."""
        if self.touched and (of is None or self.store.is_in(of)):
            version = await self.store.save(self.metadata, replacing=self._saved.version, within=within)
            self._saved, self.touched = Stored(self.metadata, version), False
        return self._saved

    async def refresh(self) -> None:
        """Read the catalog again: something named in a command may have been created outside the engine."""
        self._loaded = None
        await self.settle()

    async def reload(self, only: Collection[str] | None = None) -> None:
        """Read the catalogs again, or those of some sources; what no longer fits becomes inconsistent, is left out."""
        await self.settle(tolerate=True)
        self._loaded, self.touched = None, True
        await self.settle(tolerate=True, retry=True, only=only)

    async def recreate_event_triggers(self, sources: Collection[str]) -> None:
        """Make the database triggers again, whatever is there."""
        await self.settle(tolerate=True)
        await self._events.follow(self.metadata, self.engine.databases, self.engine.catalogs, anew=sources)

    async def follow(self) -> None:
        """Load after SQL that changed the catalog and was kept together with the draft."""
        self._loaded = None
        await self.settle(tolerate=True)

    def _refuse_new(self, found: Sequence[Inconsistency], *, tolerate: bool) -> None:
        new = [entry for entry in found if _key(entry) not in self._tolerated and entry.kind != CONFLICT]
        if tolerate:
            self._tolerated |= {_key(entry) for entry in new}
        elif new:
            raise InconsistentError(new, self._subjects)


class LiveMetadata:
    """Opened once per server. Other processes on the same database are noticed by the resource version."""

    def __init__(self, engine: Engine, store: Store, events: Installed) -> None:
        self.engine, self.store, self.events = engine, store, events
        self.stored = Stored(Metadata(), 0)
        self.inconsistencies: Sequence[Inconsistency] = ()
        self._one_at_a_time = asyncio.Lock()

    async def open(self) -> None:
        await self.store.ensure()
        await planning.ensure(self.store.database)
        await self._load(await self.store.read())
        try:
            await self._capture()
        except ApiError as error:
            LOG.error("%s", error.message)

    @asynccontextmanager
    async def draft(self, session: Session, *, expected: int | None = None) -> AsyncIterator[Draft]:
        """Begin a change; leaving the block without an error puts it in force. `expected` is the client's version."""
        async with self._one_at_a_time:
            await self._catch_up()
            if expected is not None and expected != self.stored.version:
                raise StaleVersionError(expected)
            draft = Draft(self, session)
            try:
                yield draft
                await self._commit(draft)
            except BaseException:
                await asyncio.shield(self._restore(draft))
                raise

    async def view(self, session: Session, *, fresh: bool = False) -> Draft:
        """What is in force now, to read from: without waiting for a change under way. `fresh` makes sure of changes
        by other processes."""
        if fresh and await self.store.version() != self.stored.version:
            async with self._one_at_a_time:
                await self._catch_up()
        return Draft(self, session)

    async def watch(self, interval_s: float) -> None:
        """Follow changes made by other processes until cancelled. A database that is away is asked again later."""
        while True:
            await asyncio.sleep(interval_s)
            try:
                async with self._one_at_a_time:
                    await self._catch_up()
                if await self.engine.pools.answers_again():
                    async with self._one_at_a_time:
                        await self._load(self.stored, retry=True)
            except (OSError, PostgresError, ApiError) as error:
                LOG.debug("metadata cannot be looked at now: %s", error)

    async def _catch_up(self) -> None:
        if await self.store.version() != self.stored.version:
            await self._load(await self.store.read())

    async def _load(self, stored: Stored, *, retry: bool = False) -> None:
        engine_says = await self.engine.load(stored.metadata, retry=retry)
        self.inconsistencies = merged(consistency.check(stored.metadata, self.engine.catalogs), engine_says)
        self.stored = stored
        self.events.unsure()
        for entry in self.inconsistencies:
            LOG.warning("inconsistent metadata: %s: %s", entry.name, entry.reason)

    async def _commit(self, draft: Draft) -> None:
        await draft.settle()
        before, self.stored = self.stored.metadata, await self._save(draft)
        self.inconsistencies = draft.found
        for name, database in self.engine.databases.items():
            if draft.forgets_events:
                await self.events.forget(database)
            elif gone := edit.event_triggers(before, name).keys() - edit.event_triggers(self.stored.metadata, name):
                await self.events.archive(database, gone)

    async def _save(self, draft: Draft) -> Stored:
        """Cron events are planned anew together with the change of their triggers."""
        triggers = draft.metadata.cron_triggers
        changed = planning.changed(self.stored.metadata.cron_triggers, triggers)
        if not changed:
            return await draft.save()
        async with self.store.database.transaction() as connection:
            stored = await draft.save(within=connection)
            await planning.plan_anew(connection, changed, triggers)
        return stored

    async def _capture(self) -> None:
        await self.events.follow(self.stored.metadata, self.engine.databases, self.engine.catalogs)

    async def _restore(self, draft: Draft) -> None:
        """After a failure the engine serves again what is stored; the catalog may have changed meanwhile."""
        if draft.settled or draft.touched:
            with contextlib.suppress(PostgresError, ApiError, *CONNECTION_LOST):
                await self._load(await self.store.read())
                await self._capture()


def merged(first: Sequence[Inconsistency], second: Sequence[Inconsistency]) -> list[Inconsistency]:
    """Both lists, an object that is in both told once."""
    by_name = {(entry.kind, entry.name): entry for entry in (*second, *first)}
    order = dict.fromkeys((entry.kind, entry.name) for entry in (*first, *second))
    return [by_name[key] for key in order]


class InconsistentError(ApiError):
    """The change would leave an object without what it needs: the changed one itself, or others."""

    def __init__(self, found: Sequence[Inconsistency], subjects: Collection[str]) -> None:
        own = [entry for entry in found if entry.name in subjects]
        code, message, status = "unexpected", CANNOT_CONTINUE, 400
        if own:
            code, message = "invalid-configuration", own[0].reason
        elif any(entry.kind == "query_collections" for entry in found):
            message, status = NEWLY_FOUND, 500
        internal = [rendered(entry) for entry in own or found]
        super().__init__(code, message, path="$.args", status=status, internal=internal)


def rendered(entry: Inconsistency) -> dict[str, object]:
    """As `get_inconsistent_metadata` lists it."""
    return {"type": entry.kind, "name": entry.name, "reason": entry.reason, "definition": dict(entry.definition)}


def _key(entry: Inconsistency) -> tuple[str, str]:
    return entry.kind, entry.name
