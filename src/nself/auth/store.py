"""Every row the auth server reads or writes, by its intent. SQL is in queries.sql; rows leave as our own types."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from typing import Any
from uuid import UUID

from nself.auth.errors import AuthError, Code
from nself.auth.settings import AuthSettings
from nself.auth.tickets import TicketKind
from nself.auth.users import User
from nself.pg import queries
from nself.pg.database import Database, UniqueViolation
from nself.records import dataclass

log = logging.getLogger("nself.auth")
SQL = queries.load("nself.auth")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user to be inserted. Without `email` and `password_hash` an anonymous one."""

    display_name: str
    locale: str
    default_role: str
    roles: Sequence[str]
    email: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    avatar_url: str = ""
    metadata: dict[str, Any] | None = None
    disabled: bool = False
    is_anonymous: bool = False


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A token as its owner gets it, and the id of its row, which outlives rotations."""

    id: UUID
    text: str = field(repr=False)


class Store:
    def __init__(self, database: Database, settings: AuthSettings) -> None:
        self.db = database
        self._life_s = settings.refresh_token_expires_in
        self._grace_s = settings.refresh_token_grace

    async def user(self, user_id: UUID) -> User | None:
        return _user(await self.db.fetch_row(SQL["user_by_id"], user_id))

    async def user_by_email(self, email: str) -> User | None:
        """Case of letters does not count."""
        return _user(await self.db.fetch_row(SQL["user_by_email"], email))

    async def user_by_ticket(self, ticket: str) -> User | None:
        """Looks without spending it."""
        return _user(await self.db.fetch_row(SQL["user_by_ticket"], ticket))

    async def user_by_refresh_token(self, token: str) -> User | None:
        return _user(await self.db.fetch_row(SQL["user_by_refresh_token"], hash_of(token), self._grace_s))

    async def add_user(self, new: NewUser) -> User:
        """A user without a session."""
        return (await self._add_user(new, token=None, ticket=None, kind=None))[0]

    async def add_user_with_ticket(self, new: NewUser, kind: TicketKind) -> tuple[User, str]:
        ticket = kind.new()
        return (await self._add_user(new, token=None, ticket=ticket, kind=kind))[0], ticket

    async def add_user_with_session(self, new: NewUser) -> tuple[User, RefreshToken]:
        token = str(uuid.uuid4())
        user, token_id = await self._add_user(new, token=token, ticket=None, kind=None)
        assert token_id is not None
        return user, RefreshToken(token_id, token)

    async def add_refresh_token(self, user_id: UUID) -> RefreshToken:
        token = str(uuid.uuid4())
        row_id = await self.db.fetch_value(SQL["add_refresh_token"], user_id, hash_of(token), self._life_s)
        return RefreshToken(row_id, token)

    async def rotate_refresh_token(self, old: str) -> RefreshToken | None:
        """The successor of a token, which is dead from here on; None when it was already. One caller wins."""
        new = str(uuid.uuid4())
        row_id = await self.db.fetch_value(
            SQL["rotate_refresh_token"], hash_of(old), hash_of(new), self._life_s, self._grace_s
        )
        if row_id is None and self._grace_s:
            row_id = await self._rotate_graced(old, new)
        return None if row_id is None else RefreshToken(row_id, new)

    async def delete_refresh_token(self, token: str) -> None:
        await self.db.execute(SQL["delete_refresh_token"], hash_of(token))

    async def delete_sessions(self, user_id: UUID) -> None:
        """All of a user's regular refresh tokens; personal access tokens stay."""
        await self.db.execute(SQL["delete_refresh_tokens_of_user"], user_id)

    async def issue_ticket(self, user_id: UUID, kind: TicketKind, *, new_email: str | None = None) -> str:
        """A ticket of this kind; for mails, the user's present one if it still works."""
        keep = f"{kind.prefix}:" if kind.template else None
        sql = SQL["issue_ticket"]
        ticket: str = await self.db.fetch_value(sql, user_id, kind.new(), keep, kind.life_s, new_email)
        return ticket

    async def spend_ticket(self, ticket: str) -> User:
        """The user it belonged to. A ticket works once, whatever becomes of the request."""
        user_id = await self.db.fetch_value(SQL["spend_ticket"], ticket)
        user = None if user_id is None else await self.user(user_id)
        if user is None:
            raise AuthError(Code.INVALID_TICKET)
        return user

    async def mark_email_verified(self, user_id: UUID) -> None:
        await self.db.execute(SQL["mark_email_verified"], user_id)

    async def confirm_new_email(self, user_id: UUID) -> None:
        with _taken():
            await self.db.execute(SQL["confirm_new_email"], user_id)

    async def set_password(self, user_id: UUID, password_hash: str) -> None:
        """Also ends the user's sessions."""
        await self.db.execute(SQL["set_password"], user_id, password_hash)

    async def set_password_by_ticket(self, ticket: str, password_hash: str) -> bool:
        """The same for whoever holds the ticket; False when somebody spent it first."""
        return await self.db.fetch_value(SQL["set_password_by_ticket"], ticket, password_hash) is not None

    async def count_hit(self, key: str, window: int, burst: int) -> tuple[int, int]:
        """Hits of this window and of the one before, this one included."""
        row = await self.db.fetch_row(SQL["count_hit"], key, window, burst)
        assert row is not None
        return row["hits"], row["previous_hits"]

    async def add_roles(self, roles: Sequence[str]) -> None:
        await self.db.execute(SQL["add_roles"], list(roles))

    async def sweep(self, *, counters_after_s: float) -> tuple[int, int]:
        """Remove what has expired: how many refresh tokens, how many tickets."""
        row = await self.db.fetch_row(SQL["sweep"], counters_after_s)
        assert row is not None
        return row["tokens"], row["tickets"]

    async def _add_user(
        self, new: NewUser, *, token: str | None, ticket: str | None, kind: TicketKind | None
    ) -> tuple[User, UUID | None]:
        with _taken():
            row = await self.db.fetch_row(
                SQL["add_user"],
                uuid.uuid4(),
                new.email,
                new.password_hash,
                new.display_name,
                new.avatar_url,
                new.locale,
                new.default_role,
                new.metadata,
                new.disabled,
                new.is_anonymous,
                list(new.roles),
                None if token is None else hash_of(token),
                self._life_s,
                ticket,
                kind.life_s if kind else 0,
            )
        assert row is not None
        log.info("added user %s", row["id"])
        return User.from_row(dict(row)), row["refresh_token_id"]

    async def _rotate_graced(self, old: str, new: str) -> UUID | None:
        """The token was replaced a moment ago, perhaps in a reply that got lost: rotate once more."""
        async with self.db.transaction() as connection:
            row = await connection.fetchrow(SQL["lock_graced_token"], hash_of(old))
            if row is None:
                return None
            present = row["refresh_token_hash"]
            spent = await connection.fetchval(SQL["spend_grace"], row["id"], hash_of(old), present, self._grace_s)
            if spent is None:
                return None
            await connection.execute(SQL["replace_refresh_token"], row["id"], hash_of(new), self._life_s)
            return UUID(str(row["id"]))


@contextmanager
def _taken() -> Iterator[None]:
    """The unique constraint on addresses is the last word in a race of two sign-ups."""
    try:
        yield
    except UniqueViolation as error:
        raise AuthError(Code.USER_EXISTS) from error


def hash_of(token: str) -> str:
    """How a refresh token is stored: the text that PostgreSQL shows for its SHA-256 bytes."""
    return "\\x" + hashlib.sha256(token.encode()).hexdigest()


def _user(row: Any) -> User | None:
    return None if row is None else User.from_row(dict(row))
