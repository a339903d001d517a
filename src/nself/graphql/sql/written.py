"""What is selected of the schema's own objects, written as JSON piece by piece.

There is no tree of dicts in between. For hundreds of tables it would be a million objects, and each time the garbage
collector walks them, all other requests wait.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from nself.graphql.schema.role import RoleSchema
from nself.records import dataclass
from nself.web.json import encode

Resolve = Callable[[Any, RoleSchema], Any]
Write = Callable[[Any], bytes]


@dataclass(frozen=True, slots=True)
class Always:
    """The same for every value."""

    result: Any

    def __call__(self, value: Any, schema: RoleSchema) -> Any:
        return self.result


@dataclass(frozen=True, slots=True)
class Wanted:
    """A selected field and what is selected of its value; nothing means a leaf. `recurs`: values come up again and
    again, and can be looked up."""

    key: str
    resolve: Resolve
    fields: tuple[Wanted, ...] = ()
    recurs: bool = False


def writer(wanted: Wanted, schema: RoleSchema) -> Write:
    """Writes what `wanted.resolve` answers: one value or a list of them."""
    if not wanted.fields:
        return encode
    one = _object(wanted.fields, schema)
    if wanted.recurs:
        one = _remembering(one)

    def write(found: Any) -> bytes:
        if found is None:
            return b"null"
        return b"[" + b",".join(map(one, found)) + b"]" if isinstance(found, list | tuple) else one(found)

    return write


def _object(fields: Sequence[Wanted], schema: RoleSchema) -> Write:
    pieces: list[tuple[bytes, Resolve, Write]] = []
    before = b""
    for field in fields:
        before += b'%b"%b":' % (b"," if before or pieces else b"{", field.key.encode())
        if isinstance(field.resolve, Always) and not field.fields:
            before += encode(field.resolve.result)
        else:
            pieces.append((before, field.resolve, writer(field, schema)))
            before = b""
    after = before + b"}"

    def write(value: Any) -> bytes:
        found: list[bytes] = []
        for before, resolve, write_found in pieces:
            found += (before, write_found(resolve(value, schema)))
        return b"".join((*found, after))

    return write


def _remembering(write: Write) -> Write:
    known: dict[Hashable, bytes] = {}

    def remembered(value: Any) -> bytes:
        made = known.get(value)
        if made is None:
            made = known[value] = write(value)
        return made

    return remembered
