"""From `{"type": ..., "args": ...}` to the command that does it, one or a bulk of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Any

from nself import registry
from nself.graphql.errors import ApiError
from nself.graphql.metadata import commands
from nself.graphql.metadata.command import Access, Call, Command, Reply, Style
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.reader import Reader
from nself.records import dataclass

BULKS = frozenset({"bulk", "bulk_keep_going", "bulk_atomic", "concurrent_bulk"})
PREFIX = "pg_"


@dataclass(frozen=True, slots=True)
class Task:
    """A command that was recognised, with its arguments, or a bulk of them."""

    name: str
    command: Command | None
    call: Call
    tasks: tuple[Task, ...] = ()

    @property
    def changes(self) -> bool:
        return self.command.changes(self.call) if self.command else any(task.changes for task in self.tasks)

    @property
    def size(self) -> int:
        """How many commands it holds."""
        return 1 if self.command else sum(task.size for task in self.tasks)

    @property
    def accesses(self) -> set[Access]:
        """What the commands insist on."""
        if self.command is None:
            return {access for task in self.tasks for access in task.accesses}
        access = self.command.access(self.call)
        return {access} if access else set()

    @property
    def admin_only(self) -> bool:
        return not self.command.data if self.command else any(task.admin_only for task in self.tasks)


@cache
def by_name() -> Mapping[str, Command]:
    """Every command of the folder under its name without prefix."""
    return {row.name: row for rows in registry.load(commands, "COMMANDS", tuple).values() for row in rows}


def read(body: Any, style: Style) -> Task:
    """Recognise a request's command and every one of its bulk. Unknown types are refused."""
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        raise ApiError("parse-failed", 'key "type" not found', path="$")
    name = body["type"]
    version = body.get("version", 1)
    if version not in (1, 2):
        raise ApiError("parse-failed", f"expected 1 or 2, encountered {version}", path="$.version")
    call = Call(args=Reader(body.get("args") if body.get("args") is not None else {}), style=style, version=version)
    if name in BULKS:
        return _checked(Task(name, None, call, tuple(_item(item, style) for item in call.args.items())))
    command = _find(name, style)
    if command is None:
        raise ApiError("parse-failed", f'unknown command "{name}"', path="$.type")
    return Task(name, command, call)


def _checked(bulk: Task) -> Task:
    """A bulk whose commands can run together."""
    if bulk.accesses == {"read", "write"}:
        message = "incompatible access mode requirements in bulk query: some commands are read only, others write"
        raise ApiError("bad-request", message, path="$.args")
    if bulk.name == "concurrent_bulk" and ("write" in bulk.accesses or bulk.changes):
        raise ApiError("bad-request", "only read-only commands are allowed in a concurrent_bulk", path="$.args")
    return bulk


async def run(task: Task, draft: Draft) -> Reply:
    if task.command is not None:
        return await task.command.run(draft, task.call)
    if task.name == "bulk_keep_going":
        return [await _kept_going(inner, draft) for inner in task.tasks]
    if task.name == "concurrent_bulk":
        return await asyncio.gather(*(_numbered(number, inner, draft) for number, inner in enumerate(task.tasks)))
    return [await _numbered(number, inner, draft) for number, inner in enumerate(task.tasks)]


async def _numbered(number: int, task: Task, draft: Draft) -> Reply:
    try:
        return await run(task, draft)
    except ApiError as error:
        raise error.under(f"$.args[{number}]") from error


async def _kept_going(task: Task, draft: Draft) -> Reply:
    """The reply, or the error in its place: what the failed command had begun is taken back."""
    before = draft.metadata
    try:
        return await run(task, draft)
    except ApiError as error:
        draft.metadata = before
        return {"path": error.path, "error": error.message, "code": error.code}


def _item(item: Reader, style: Style) -> Task:
    try:
        return read(item.value, style)
    except ApiError as error:
        raise error.under(f"$.args{item.path}") from error


def _find(name: str, style: Style) -> Command | None:
    command = by_name().get(name.removeprefix(PREFIX))
    if command is None:
        return None
    prefixed = name.startswith(PREFIX)
    if style == "metadata" and command.data:
        return None
    if prefixed and not command.of_source:
        return None
    if style == "metadata" and command.of_source and not prefixed:
        return None
    return command
