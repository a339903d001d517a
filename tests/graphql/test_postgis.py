"""Shapes: GeoJSON in and out, and the operators of geometry, geography and raster columns, on a real PostGIS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nself.graphql.sql.operators import OPERATORS
from nself.pg.catalog import Type
from tests.cluster import Cluster
from tests.conformance.clusters import with_postgis
from tests.graphql.served import Served

POINT = {"type": "Point", "coordinates": [1, 2]}
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [0, 4], [4, 4], [4, 0], [0, 0]]]}


@pytest.fixture(scope="module")
def spatial() -> Iterator[Cluster]:
    bin_dir = with_postgis()
    if bin_dir is None:
        pytest.skip("needs PostGIS: install postgresql-NN-postgis-3 beside the system's PostgreSQL")
    cluster = Cluster.start(bin_dir)
    yield cluster
    cluster.stop()


@contextmanager
def extended(cluster: Cluster, schema: str) -> Iterator[str]:
    """The DSN of a database with PostGIS in a schema of its own."""
    with cluster.database() as dsn:
        name = dsn.rpartition("/")[2]
        cluster.run(name, f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        cluster.run(name, f'CREATE EXTENSION postgis SCHEMA "{schema}"')
        cluster.run(name, f'CREATE EXTENSION postgis_raster SCHEMA "{schema}"')
        yield dsn


@pytest.fixture(scope="module")
def template(spatial: Cluster) -> Iterator[str]:
    """A database with PostGIS, to clone: the extension takes a second to create."""
    with extended(spatial, "public") as dsn:
        yield dsn.rpartition("/")[2]


@pytest.fixture
def empty(spatial: Cluster, template: str) -> Iterator[Served]:
    with spatial.database(template) as dsn, Served(dsn) as served:
        yield served


@pytest.fixture
def places(empty: Served) -> Served:
    empty.sql(
        """
        CREATE TABLE places (id int PRIMARY KEY, shape geometry, spot geography);
        INSERT INTO places VALUES
            (1, 'SRID=4326;POINT(1 2)', 'POINT(0.1278 51.5074)'),
            (2, 'SRID=4326;LINESTRING(0 0, 1 2, 9 9)', 'POINT(37.6173 55.7558)'),
            (3, 'SRID=4326;POLYGON((2 0, 2 1, 3 1, 3 0, 2 0))', NULL)
        """
    )
    empty.track("places")
    return empty


def found(served: Served, where: str, variables: Any = None, declared: str = "") -> list[int]:
    query = f"query {declared} {{ places(where: {where}, order_by: {{id: asc}}) {{ id }} }}"
    return [row["id"] for row in served.ask(query, variables)["places"]]


@pytest.mark.parametrize(
    ("operator", "shape", "ids"),
    [
        ("_st_contains", POINT, [1, 2]),
        ("_st_crosses", SQUARE, [2]),
        ("_st_equals", POINT, [1]),
        ("_st_intersects", SQUARE, [1, 2, 3]),
        ("_st_3d_intersects", POINT, [1, 2]),
        ("_st_overlaps", {"type": "LineString", "coordinates": [[1, 2], [9, 9], [10, 10]]}, [2]),
        ("_st_touches", {"type": "LineString", "coordinates": [[3, 0], [5, -1]]}, [3]),
        ("_st_within", SQUARE, [1, 3]),
        ("_eq", POINT, [1]),
        ("_neq", POINT, [2, 3]),
    ],
)
def test_each_operator_of_geometry(places: Served, operator: str, shape: Any, ids: list[int]) -> None:
    assert found(places, f"{{shape: {{{operator}: $s}}}}", {"s": shape}, "($s: geometry!)") == ids


@pytest.mark.parametrize("operator", ["_st_d_within", "_st_3d_d_within"])
def test_within_a_distance_of_a_geometry(places: Served, operator: str) -> None:
    where = f"{{shape: {{{operator}: {{distance: $d, from: $s}}}}}}"
    variables = {"s": {"type": "Point", "coordinates": [3, 3]}, "d": 2.3}
    assert found(places, where, variables, "($s: geometry!, $d: Float!)") == [1, 2, 3]
    assert found(places, where, {**variables, "d": 2.2}, "($s: geometry!, $d: Float!)") == [2, 3]


def test_lists_of_shapes(places: Served) -> None:
    variables = {"s": [POINT, {"type": "Point", "coordinates": [7, 7]}]}
    assert found(places, "{shape: {_in: $s}}", variables, "($s: [geometry!]!)") == [1]
    assert found(places, "{shape: {_nin: $s}}", variables, "($s: [geometry!]!)") == [2, 3]


def test_a_geography_is_compared_on_the_globe(places: Served) -> None:
    near = '{type: "Point", coordinates: [1, 50]}'
    assert found(places, f"{{spot: {{_st_d_within: {{distance: 1000000, from: {near}}}}}}}") == [1]
    where = f"{{spot: {{_st_d_within: {{distance: 1000000, from: {near}, use_spheroid: false}}}}}}"
    assert found(places, where) == [1]
    assert found(places, '{spot: {_st_intersects: {type: "Point", coordinates: [37.6173, 55.7558]}}}') == [2]


def test_casts_lead_from_one_to_the_other_and_back(places: Served) -> None:
    box = '{type: "Polygon", coordinates: [[[0, 50], [0, 53], [1, 53], [1, 50], [0, 50]]]}'
    assert found(places, f"{{spot: {{_cast: {{geometry: {{_st_within: {box}}}}}}}}}") == [1]
    far = '{type: "Point", coordinates: [1, 2]}'
    assert found(places, f"{{shape: {{_cast: {{geography: {{_st_d_within: {{distance: 10, from: {far}}}}}}}}}}}") == [
        1,
        2,
    ]
    again = f"{{shape: {{_cast: {{geography: {{_cast: {{geometry: {{_st_equals: {far}}}}}}}}}}}}}"
    assert found(places, again) == [1]
    error = places.refused("{ places(where: {spot: {_cast: {integer: {_eq: 0}}}}) { id } }")
    assert error.message == "field 'integer' not found in type: 'geography_cast_exp'"
    assert error.path == "$.selectionSet.places.args.where.spot._cast.integer"


def test_rasters(places: Served) -> None:
    places.sql(
        """
        CREATE TABLE pictures (id serial PRIMARY KEY, picture raster);
        INSERT INTO pictures (picture) VALUES (ST_AsRaster(ST_Buffer('SRID=4326;POINT(1 2)'::geometry, 2), 5, 5))
        """
    )
    places.track("pictures")
    inside, outside = POINT, {"type": "Point", "coordinates": [40, 40]}
    for operand in ("_st_intersects_geom_nband: {geommin: $s}", "_st_intersects_nband_geom: {nband: 1, geommin: $s}"):
        query = f"query ($s: geometry!) {{ pictures(where: {{picture: {{{operand}}}}}) {{ id }} }}"
        assert places.ask(query, {"s": inside})["pictures"] == [{"id": 1}]
        assert places.ask(query, {"s": outside})["pictures"] == []
    whole = places.ask("{ pictures { picture } }")["pictures"][0]["picture"]
    query = "query ($r: raster!) { pictures(where: {picture: {_st_intersects_rast: $r}}) { id } }"
    assert places.ask(query, {"r": whole})["pictures"] == [{"id": 1}]


def test_shapes_go_in_and_come_out_as_geojson(places: Served) -> None:
    mutation = """mutation ($s: geometry!, $g: geography) {
        insert_places_one(object: {id: 9, shape: $s, spot: $g}) { shape spot } }"""
    row = places.ask(mutation, {"s": SQUARE, "g": POINT})["insert_places_one"]
    assert row["shape"]["coordinates"] == SQUARE["coordinates"]
    assert row["spot"]["coordinates"] == [1, 2]
    assert row["shape"]["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::4326"
    update = "mutation ($s: geometry!) { update_places_by_pk(pk_columns: {id: 9}, _set: {shape: $s}) { shape } }"
    assert places.ask(update, {"s": POINT})["update_places_by_pk"]["shape"]["type"] == "Point"


def test_postgis_may_live_in_a_schema_of_its_own(spatial: Cluster) -> None:
    with extended(spatial, "ex tensions") as dsn, Served(dsn) as served:
        served.sql('CREATE TABLE places (id int PRIMARY KEY, shape "ex tensions".geometry)')
        served.track("places")
        insert = "mutation ($s: geometry!) { insert_places_one(object: {id: 1, shape: $s}) { shape } }"
        assert served.ask(insert, {"s": POINT})["insert_places_one"]["shape"]["coordinates"] == [1, 2]
        assert found(served, "{shape: {_st_within: $s}}", {"s": SQUARE}, "($s: geometry!)") == [1]


def test_a_permission_compares_with_session_variables(empty: Served) -> None:
    empty.sql("CREATE TABLE places (id int PRIMARY KEY, shape geometry); INSERT INTO places VALUES "
              "(1, 'SRID=4326;POINT(1 2)'), (2, 'SRID=4326;POINT(50 50)')")  # fmt: skip
    mine = {"shape": {"_st_d_within": {"distance": "X-Hasura-Far", "from": "X-Hasura-From"}}}
    permission = {"role": "user", "permission": {"columns": ["id"], "filter": mine}}
    empty.track({"table": "places", "select_permissions": [permission]})
    session = {"x-hasura-far": "3", "x-hasura-from": '{"type": "Point", "coordinates": [1, 1]}'}
    assert empty.ask("{ places { id } }", role="user", session=session)["places"] == [{"id": 1}]
    error = empty.refused("{ places { id } }", role="user", session={"x-hasura-far": "3"})
    assert (error.code, error.message) == ("not-found", 'missing session variable: "x-hasura-from"')


def test_every_spatial_operator_is_tried_here() -> None:
    spatial = {Type(name=name) for name in ("geometry", "geography", "raster")}
    listed = {one.name for one in OPERATORS if one.function and any(map(one.applies, spatial))}
    text = Path(__file__).read_text()
    assert not {name for name in listed if name not in text}
