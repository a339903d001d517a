from __future__ import annotations

from nself.graphql.metadata.model import Metadata, Source, TrackedTable
from nself.graphql.metadata.service_tables import keeping
from nself.pg.catalog import Name

USERS, FILES, NOTES = Name("auth", "users"), Name("storage", "files"), Name("public", "notes")


def metadata(*tables: TrackedTable) -> Metadata:
    return Metadata(sources={"default": Source(tables={one.table: one for one in tables})})


def test_tables_of_the_services_stay_and_others_go() -> None:
    running = metadata(TrackedTable(table=USERS), TrackedTable(table=FILES), TrackedTable(table=NOTES))
    assert set(keeping(metadata(), running).sources["default"].tables) == {USERS, FILES}


def test_a_directory_that_names_them_has_the_last_word() -> None:
    own = TrackedTable(table=USERS, is_enum=True)
    assert keeping(metadata(own), metadata(TrackedTable(table=USERS))) == metadata(own)


def test_a_source_that_goes_takes_its_tables_along() -> None:
    assert keeping(Metadata(), metadata(TrackedTable(table=USERS))) == Metadata()
