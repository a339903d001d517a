"""One metadata command as data: its name, how its arguments are read, what it does to a draft."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.reader import Reader
from nself.records import dataclass

SUCCESS = {"message": "success"}
Reply = Any
"""What msgspec encodes as the answer."""

Style = Literal["metadata", "query"]
"""Which spelling of the arguments is meant: /v1/metadata's, or the older and flatter one of /v1/query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command as it arrived. `version` is the command's own, not the metadata's."""

    args: Reader
    style: Style
    version: int = 1


def always(call: Call) -> bool:
    return True


def never(call: Call) -> bool:
    return False


Access = Literal["read", "write"]


def either(call: Call) -> Access | None:
    """A command that goes together with reading and writing ones."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`of_source` commands carry the prefix `pg_` on /v1/metadata and none on /v1/query. `changes` says whether a call
    can change the metadata or the schema; `data` marks row commands, open to every role, not part of /v1/metadata.
    `access` is what a call insists on: a bulk cannot hold both."""

    name: str
    run: Callable[[Draft, Call], Awaitable[Reply]]
    of_source: bool = False
    changes: Callable[[Call], bool] = always
    data: bool = False
    access: Callable[[Call], Access | None] = either


def source(args: Reader) -> str:
    """The source that a command is about."""
    named = args.get("source") if isinstance(args.value, dict) else None
    return named.name() if named else "default"
