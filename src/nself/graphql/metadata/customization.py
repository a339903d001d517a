"""How a source's names show in GraphQL: prefixes, suffixes, a namespace, a naming convention."""

from __future__ import annotations

import re
from typing import Any, Final, Literal, cast, get_args

from nself.graphql.metadata.reader import Reader
from nself.records import dataclass

Convention = Literal["hasura-default", "graphql-default"]
_NAME: Final = re.compile(r"(?!__)[_A-Za-z][_0-9A-Za-z]*")
_ENDING: Final = re.compile(r"[_0-9A-Za-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Customization:
    """Root fields: `namespace` is the one field they all go into. None and "" are what is not said."""

    namespace: str | None = None
    root_prefix: str = ""
    root_suffix: str = ""
    type_prefix: str = ""
    type_suffix: str = ""
    convention: Convention | None = None

    def root(self, name: str) -> str:
        return f"{self.root_prefix}{name}{self.root_suffix}"

    def type(self, name: str) -> str:
        return f"{self.type_prefix}{name}{self.type_suffix}"


def customization(reader: Reader | None) -> Customization:
    """Names that are no GraphQL names are refused."""
    if reader is None:
        return Customization()
    roots, types = (reader.get(key) or Reader({}) for key in ("root_fields", "type_names"))
    return Customization(
        namespace=_name(roots, "namespace") or None,
        root_prefix=_name(roots, "prefix"),
        root_suffix=_ending(roots),
        type_prefix=_name(types, "prefix"),
        type_suffix=_ending(types),
        convention=_convention(reader.get("naming_convention")),
    )


def exported(entry: Customization) -> dict[str, Any]:
    roots = {"namespace": entry.namespace, "prefix": entry.root_prefix, "suffix": entry.root_suffix}
    types = {"prefix": entry.type_prefix, "suffix": entry.type_suffix}
    parts = {"root_fields": _said(roots), "type_names": _said(types), "naming_convention": entry.convention}
    return _said(parts)


def _said(parts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value}


def _name(reader: Reader, key: str) -> str:
    """A name, or the beginning of one."""
    found = reader.get(key)
    if found is None or found.text() == "":
        return ""
    if not _NAME.fullmatch(found.text()):
        found.fail(f'"{found.value}" is not a valid GraphQL name')
    return str(found.value)


def _ending(reader: Reader) -> str:
    found = reader.get("suffix")
    if found is None or found.text() == "":
        return ""
    if not _ENDING.fullmatch(found.text()):
        found.fail(f'"{found.value}" cannot be the end of a GraphQL name')
    return str(found.value)


def _convention(found: Reader | None) -> Convention | None:
    if found is None:
        return None
    if found.text() not in get_args(Convention):
        found.fail(f"expected one of {', '.join(get_args(Convention))}")
    return cast(Convention, found.value)
