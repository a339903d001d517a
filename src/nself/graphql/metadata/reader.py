"""Reading JSON with a path in hand: every refusal says where, in Hasura's `parse-failed` words."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar, cast, get_origin

from nself.graphql.errors import ApiError
from nself.pg.catalog import Name
from nself.records import dataclass

T = TypeVar("T")
_KINDS = {dict: "Object", list: "Array", str: "String", bool: "Boolean", int: "Number", float: "Number"}


@dataclass(frozen=True, slots=True)
class Reader:
    """A JSON value and where it stands in the arguments: `.permission.columns[0]`, empty for all of them."""

    value: Any
    path: str = ""

    def fail(self, message: str) -> NoReturn:
        raise ApiError("parse-failed", message, path=f"${self.path}" if self.path else "$.args")

    def at(self, key: str) -> Reader:
        """The value of a key that must be there."""
        if key not in self.object():
            self.fail(f'key "{key}" not found')
        return Reader(self.value[key], f"{self.path}.{key}")

    def get(self, key: str) -> Reader | None:
        """The value of a key that may be absent or null."""
        value = self.object().get(key)
        return None if value is None else Reader(value, f"{self.path}.{key}")

    def others(self, *known: str) -> dict[str, Any]:
        """The keys nobody here knows: kept, so that metadata survives a round trip."""
        return {key: value for key, value in self.object().items() if key not in known}

    def object(self) -> dict[str, Any]:
        return self._of(dict[str, Any], "Object")

    def items(self) -> list[Reader]:
        values = self._of(list[Any], "Array")
        return [Reader(value, f"{self.path}[{number}]") for number, value in enumerate(values)]

    def text(self) -> str:
        return self._of(str, "String")

    def name(self) -> str:
        """Text that may not be empty."""
        if not self.text():
            self.fail("empty string not allowed")
        return str(self.value)

    def boolean(self) -> bool:
        return self._of(bool, "Boolean")

    def natural(self) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self._expected("Int")
        if self.value < 0:
            self.fail("unexpected negative value")
        return int(self.value)

    def names(self) -> tuple[str, ...]:
        return tuple(item.name() for item in self.items())

    def qualified(self) -> Name:
        """`"users"`, `{name}` or `{schema, name}`."""
        if isinstance(self.value, str):
            return Name("public", self.name())
        if not isinstance(self.value, dict):
            self._expected("Object")
        schema = self.get("schema")
        return Name(schema.name() if schema else "public", self.at("name").name())

    def _of(self, kind: type[T], noun: str) -> T:
        if not isinstance(self.value, get_origin(kind) or kind):
            self._expected(noun)
        return cast(T, self.value)

    def _expected(self, noun: str) -> NoReturn:
        self.fail(f"parsing {noun} failed, expected {noun}, but encountered {_KINDS.get(type(self.value), 'Null')}")
