"""The inbox in PostgreSQL, schema `mail`: it survives restarts, and a backup or reset of the project takes it along."""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import Sequence
from datetime import datetime

from nself.errors import NselfError
from nself.mail import message, search
from nself.mail.message import Address, Letter
from nself.pg import migrations, queries
from nself.pg.database import Database, Row
from nself.records import dataclass

SQL = queries.load("nself.mail")


class NoMessageError(NselfError):
    http_status = 404

    def __init__(self, id: str) -> None:
        super().__init__(f"no message has the ID {id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the SMTP client said beside the message itself."""

    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One line of the inbox."""

    id: str
    message_id: str
    read: bool
    sender: Address | None
    recipients: tuple[Address, ...]
    copies: tuple[Address, ...]
    blind_copies: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    subject: str
    created: datetime
    size: int
    attachments: int
    snippet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some summaries, newest first, and how many there are: in the inbox, unread, and matching the search."""

    messages: tuple[Summary, ...]
    total: int
    unread: int
    matching: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message as it came. `blind_copies` are recipients that no header names."""

    id: str
    created: datetime
    return_path: str
    blind_copies: tuple[Address, ...]
    raw: bytes


class Store:
    """Keeps at most `limit` messages; the oldest leave first."""

    def __init__(self, dsn: str, *, limit: int) -> None:
        self.dsn, self.limit = dsn, limit
        self._database: Database | None = None

    async def __aenter__(self) -> Store:
        """Connect, and bring the schema up to date."""
        database = await Database.open(self.dsn, name="nself-mail", max_size=4)
        try:
            async with database.connection() as connection:
                await migrations.up_package(connection, "nself.mail", schema="mail")
        except BaseException:
            await database.close()
            raise
        self._database = database
        return self

    async def __aexit__(self, *failure: object) -> None:
        database, self._database = self.database, None
        await database.close()

    @property
    def database(self) -> Database:
        assert self._database is not None, "the store is open only inside its `async with`"
        return self._database

    async def add(self, raw: bytes, envelope: Envelope) -> Summary:
        """Durable when this returns."""
        letter = await asyncio.to_thread(message.parse, raw)
        values = await asyncio.to_thread(_columns, letter, envelope)
        async with self.database.transaction() as connection:
            row = await connection.fetchrow(SQL["insert"], new_id(), *values, len(raw), raw)
            await connection.execute(SQL["prune"], self.limit)
        assert row is not None
        return _summary(row)

    async def page(self, query: str = "", *, start: int = 0, limit: int = 50) -> Page:
        """The messages that `query` (see `search`) finds, newest first."""
        where = search.conditions(query, first=3)
        sql = SQL["summaries"].replace("{conditions}", where.sql)
        rows = await self.database.fetch(sql, limit, start, *where.values)
        total, unread = await self.counts()
        matching = await self._count(query) if query.strip() else total
        return Page(messages=tuple(map(_summary, rows)), total=total, unread=unread, matching=matching)

    async def counts(self) -> tuple[int, int]:
        """How many messages there are, and how many of them nobody has read."""
        row = await self.database.fetch_row(SQL["counts"])
        assert row is not None
        return row["total"], row["unread"]

    async def get(self, id: str) -> Received:
        """The message with this ID; `latest` is the newest."""
        row = await self.database.fetch_row(
            SQL["latest" if id == "latest" else "by_id"], *(() if id == "latest" else (id,))
        )
        if row is None:
            raise NoMessageError(id)
        return Received(
            id=row["id"],
            created=row["created"],
            return_path=row["return_path"],
            blind_copies=_addresses(row["blind_copies"]),
            raw=row["raw"],
        )

    async def set_read(self, read: bool, *, ids: Sequence[str] | None = None, query: str = "") -> None:
        """Mark these messages, or those that a search finds, or all of them."""
        where = search.conditions(query, first=3)
        await self.database.execute(SQL["set_read"].replace("{conditions}", where.sql), ids, read, *where.values)

    async def delete(self, *, ids: Sequence[str] | None = None) -> None:
        """Delete these messages, or all of them."""
        await self.database.execute(SQL["delete"], ids)

    async def delete_found(self, query: str) -> None:
        """Delete what a search finds. An empty search finds everything, so it is refused."""
        if not query.strip():
            raise search.BadSearchError("say what to delete: the search is empty")
        where = search.conditions(query)
        await self.database.execute(SQL["delete_matching"].replace("{conditions}", where.sql), *where.values)

    async def _count(self, query: str) -> int:
        where = search.conditions(query)
        found = await self.database.fetch_value(SQL["matching"].replace("{conditions}", where.sql), *where.values)
        return int(found)


def new_id() -> str:
    """Twenty-two characters that no URL has to escape."""
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(22))


def _columns(letter: Letter, envelope: Envelope) -> tuple[object, ...]:
    """What is kept of a letter beside its bytes, in the order of the insert."""
    sender = letter.sender or Address("", message.shown(envelope.sender))
    words = letter.words
    return (
        letter.message_id,
        message.shown(envelope.sender),
        _to_json([sender] if sender.address else []),
        _to_json(letter.recipients),
        _to_json(letter.copies),
        _to_json([*letter.blind_copies, *unnamed(letter, envelope)]),
        _to_json(letter.reply_to),
        letter.subject,
        words[: message.SNIPPET],
        words[: message.SEARCHABLE],
        len(letter.attachments),
    )


def unnamed(letter: Letter, envelope: Envelope) -> list[Address]:
    """Recipients of the envelope that no header names: the blind copies."""
    named = {entry.address.lower() for entry in (*letter.recipients, *letter.copies, *letter.blind_copies)}
    return [Address("", message.shown(to)) for to in envelope.recipients if to.lower() not in named]


def _summary(row: Row) -> Summary:
    senders = _addresses(row["sender"])
    return Summary(
        id=row["id"],
        message_id=row["message_id"],
        read=row["read"],
        sender=senders[0] if senders else None,
        recipients=_addresses(row["recipients"]),
        copies=_addresses(row["copies"]),
        blind_copies=_addresses(row["blind_copies"]),
        reply_to=_addresses(row["reply_to"]),
        subject=row["subject"],
        created=row["created"],
        size=row["size"],
        attachments=row["attachments"],
        snippet=row["snippet"],
    )


def _to_json(addresses: Sequence[Address]) -> list[dict[str, str]]:
    return [{"Name": entry.name, "Address": entry.address} for entry in addresses]


def _addresses(value: list[dict[str, str]]) -> tuple[Address, ...]:
    return tuple(Address(entry["Name"], entry["Address"]) for entry in value)
