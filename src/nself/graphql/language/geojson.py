"""GeoJSON shapes looked at before PostGIS sees them: it takes some that are none, such as a line of one point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from nself.errors import NselfError

_FEWEST_POSITIONS: Final = {"LineString": 2, "LinearRing": 4}
_DEEPEST: Final = 32
"""GeometryCollections inside each other."""


class ShapeError(NselfError):
    """What is wrong with the shape, in Hasura's words."""


def check(value: Any, depth: int = 0) -> None:
    """Raises ShapeError for what is no shape by RFC 7946. Crs and other members are PostGIS's to judge."""
    kind = _member(_object(value), "type")
    if kind == "GeometryCollection":
        if depth == _DEEPEST:
            raise ShapeError("GeometryCollections are nested too deeply")
        for shape in _list(_member(value, "geometries")):
            check(shape, depth + 1)
        return
    known = _CHECKS.get(kind) if isinstance(kind, str) else None
    if known is None:
        raise ShapeError(f"unexpected geometry type: {kind}")
    known(_member(value, "coordinates"))


def _position(value: Any) -> None:
    numbers = _list(value)
    if len(numbers) < 2:
        raise ShapeError("A Position needs at least 2 elements")
    if any(isinstance(number, bool) or not isinstance(number, int | float | Decimal) for number in numbers):
        raise ShapeError("A Position holds numbers only")


def _line(value: Any) -> None:
    _enough("LineString", value)


def _ring(value: Any) -> None:
    _enough("LinearRing", value)
    if value[0] != value[-1]:
        raise ShapeError("the first and last locations have to be equal for a LinearRing")


def _enough(what: str, value: Any) -> None:
    fewest = _FEWEST_POSITIONS[what]
    if len(_list(value)) < fewest:
        raise ShapeError(f"A {what} needs at least {fewest} Positions")
    _each(_position)(value)


def _each(check_one: Callable[[Any], None]) -> Callable[[Any], None]:
    def check_all(value: Any) -> None:
        for item in _list(value):
            check_one(item)

    return check_all


_POLYGON: Final = _each(_ring)
_CHECKS: Final[Mapping[str, Callable[[Any], None]]] = {
    "Point": _position,
    "MultiPoint": _each(_position),
    "LineString": _line,
    "MultiLineString": _each(_line),
    "Polygon": _POLYGON,
    "MultiPolygon": _each(_POLYGON),
}


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ShapeError("expected a GeoJSON object")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ShapeError("expected an Array of coordinates")
    return value


def _member(value: Mapping[str, Any], key: str) -> Any:
    if key not in value:
        raise ShapeError(f'key "{key}" not found')
    return value[key]
