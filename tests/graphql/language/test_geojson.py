"""What is a shape, and what Hasura says of what is none."""

from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.language import geojson
from nself.graphql.language.geojson import ShapeError


@pytest.mark.parametrize(
    ("kind", "coordinates"),
    [
        ("Point", [1, 2.5, 3]),
        ("MultiPoint", []),
        ("LineString", [[1, 2], [3, 4]]),
        ("MultiLineString", [[[1, 2], [3, 4]]]),
        ("Polygon", [[[0, 0], [0, 1], [1, 1], [0, 0]]]),
        ("MultiPolygon", [[[[0, 0], [0, 1], [1, 1], [0, 0]]]]),
    ],
)
def test_every_kind_of_shape_passes_alone_and_in_a_collection(kind: str, coordinates: Any) -> None:
    shape = {"type": kind, "coordinates": coordinates}
    geojson.check(shape)
    geojson.check({"type": "GeometryCollection", "geometries": [shape, shape]})


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"type": "Point", "coordinates": [1]}, "A Position needs at least 2 elements"),
        ({"type": "Point", "coordinates": ["1", True]}, "A Position holds numbers only"),
        ({"type": "LineString", "coordinates": [[1, 2]]}, "A LineString needs at least 2 Positions"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [0, 0]]]}, "A LinearRing needs at least 4 Positions"),
        (
            {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [1, 0]]]},
            "the first and last locations have to be equal for a LinearRing",
        ),
        ({"type": "Random", "coordinates": []}, "unexpected geometry type: Random"),
        ({"type": ["Point"], "coordinates": []}, "unexpected geometry type: ['Point']"),
        ({"type": "Point"}, 'key "coordinates" not found'),
        ({"coordinates": [1, 2]}, 'key "type" not found'),
        ("POINT(1 2)", "expected a GeoJSON object"),
        ({"type": "MultiPoint", "coordinates": 3}, "expected an Array of coordinates"),
    ],
)
def test_what_is_no_shape_is_refused(shape: Any, message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        geojson.check(shape)
    assert caught.value.message == message


def test_collections_in_collections_have_an_end() -> None:
    shape: Any = {"type": "Point", "coordinates": [1, 2]}
    for _ in range(50):
        shape = {"type": "GeometryCollection", "geometries": [shape]}
    with pytest.raises(ShapeError, match="too deeply"):
        geojson.check(shape)
