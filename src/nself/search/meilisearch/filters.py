"""Our filters in Meilisearch's filter language: every name and text quoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nself.errors import UsageError

_COMPARISONS: Final = {"eq": "=", "ne": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def expression(filter: Mapping[str, Any]) -> list[str]:
    """A list of conditions that all must hold."""
    return [condition for name, wanted in filter.items() for condition in _conditions(_quoted(name), wanted)]


def _conditions(name: str, wanted: Any) -> Iterator[str]:
    match wanted:
        case None:
            yield f"{name} IS NULL"
        case list():
            yield f"{name} IN [{', '.join(map(_value, wanted))}]"
        case dict():
            for comparison, value in wanted.items():
                if comparison not in _COMPARISONS:
                    raise UsageError(f"{comparison} is no comparison", fixes=[f"there are {', '.join(_COMPARISONS)}"])
                yield f"{name} {_COMPARISONS[comparison]} {_value(value)}"
        case _:
            yield f"{name} = {_value(wanted)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else _quoted(str(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
