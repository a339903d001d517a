from __future__ import annotations

import pytest

from nself.graphql.metadata.customization import Customization
from nself.graphql.schema.naming import Base, Conventions, Naming, camel, pascal

PLAIN, CAMEL = Naming(), Naming(graphql=True)
AUTHORED = Naming(customization=Customization(root_prefix="f_", root_suffix="_s", type_prefix="t_", type_suffix="_u"))


@pytest.mark.parametrize(
    ("name", "as_field", "as_type"),
    [
        ("favourite_day", "favouriteDay", "FavouriteDay"),
        ("id", "id", "Id"),
        ("ID", "id", "ID"),
        ("userID", "userID", "UserID"),
        ("_is_null", "_isNull", "IsNull"),
        ("__x_", "__x", "X"),
        ("st_d_within_2", "stDWithin2", "StDWithin2"),
        ("_", "_", ""),
    ],
)
def test_words_are_respelled(name: str, as_field: str, as_type: str) -> None:
    assert (camel(name), pascal(name)) == (as_field, as_type)


def test_types_and_roots_of_a_table() -> None:
    base = Base("author_local")
    assert CAMEL.type("{0}_bool_exp", base) == "AuthorLocalBoolExp"
    assert [CAMEL.root(p, base) for p in ("{0}", "insert_{0}_one", "{0}_by_pk")] == [
        "authorLocal", "insertAuthorLocalOne", "authorLocalByPk",
    ]  # fmt: skip
    assert PLAIN.root("insert_{0}_one", base) == "insert_author_local_one"
    assert AUTHORED.type("{0}_aggregate", base) == "t_author_local_aggregate_u"
    assert AUTHORED.root("{0}", base) == "f_author_local_s"


def test_chosen_names_stay_as_they_are() -> None:
    base = Base("my_users", chosen=True)
    assert CAMEL.type("{0}", base) == "my_users"
    assert CAMEL.type("{0}_bool_exp", base) == "my_usersBoolExp"
    assert CAMEL.root("delete_{0}", base) == "deleteMy_users"
    assert CAMEL.root("{0}", base, "all_of_them") == "all_of_them"


def test_names_that_would_fall_together_keep_their_spelling() -> None:
    assert CAMEL.words(["user_id", "userId", "last_name", "x_y"], taken=["xY"]) == {
        "user_id": "user_id", "userId": "userId", "last_name": "lastName", "x_y": "x_y",
    }  # fmt: skip


def test_without_the_feature_a_convention_has_no_effect() -> None:
    wanted = Customization(convention="graphql-default")
    assert not Conventions().of(wanted).graphql
    assert Conventions(enabled=True).of(wanted).graphql
    assert Conventions(enabled=True, default="graphql-default").of(Customization()).graphql
    assert (
        not Conventions(enabled=True, default="graphql-default").of(Customization(convention="hasura-default")).graphql
    )
