from __future__ import annotations

from pathlib import Path

import pytest

from nself.errors import ConfigError
from nself.graphql.metadata import directory, parse
from nself.graphql.metadata.model import Metadata
from tests.graphql.metadata.documents import everything


def write(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def whole() -> Metadata:
    return parse.metadata(everything())


def test_a_directory_holds_everything_and_gives_it_back(tmp_path: Path) -> None:
    assert directory.read(write(tmp_path, directory.render(whole()))) == whole()


def test_the_same_metadata_gives_the_same_bytes() -> None:
    assert directory.render(whole()) == directory.render(whole())


def test_every_table_has_its_own_file(tmp_path: Path) -> None:
    files = directory.render(whole())
    assert files["databases/default/tables/tables.yaml"].splitlines() == [
        "- '!include public_author.yaml'",
        "- '!include public_article.yaml'",
        "- '!include hr_mood.yaml'",
    ]
    assert "is_enum: true" in files["databases/default/tables/hr_mood.yaml"]


def test_action_signatures_are_written_as_graphql() -> None:
    files = directory.render(whole())
    assert 'greet(\n    "whom"\n    to: [String!]!\n  ): Greeting' in files["actions.graphql"].replace('"""', '"')
    assert "output_type" not in files["actions.yaml"]


def test_table_names_that_fall_together_get_different_files(tmp_path: Path) -> None:
    tables = [{"table": {"schema": "a", "name": "b_c"}}, {"table": {"schema": "a_b", "name": "c"}}, {"table": "A/../b"}]
    metadata = parse.metadata({"tables": tables})
    files = directory.render(metadata)
    assert "databases/default/tables/a_b_c.yaml" in files
    assert "databases/default/tables/a_b_c_2.yaml" in files
    assert "databases/default/tables/public_A_.._b.yaml" in files
    assert directory.read(write(tmp_path, files)) == metadata


def test_includes_may_be_tags_or_texts(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "version.yaml": "version: 3\n",
            "databases/databases.yaml": "- name: default\n  kind: postgres\n  tables: !include default/t.yaml\n",
            "databases/default/t.yaml": '- "!include one.yaml"\n',
            "databases/default/one.yaml": "table: {schema: public, name: no}\n",
        },
    )
    assert [str(name) for name in directory.read(tmp_path).sources["default"].tables] == ["no"]


def test_dates_and_words_like_on_stay_texts(tmp_path: Path) -> None:
    files = {"version.yaml": "version: 3\n", "inherited_roles.yaml": "- role_name: 2024-01-01\n  role_set: [on, off]\n"}
    document = directory.read_json(write(tmp_path, files))
    assert document["inherited_roles"] == [{"role_name": "2024-01-01", "role_set": ["on", "off"]}]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "has no version.yaml"),
        ({"version.yaml": "version: 2\n"}, "expected `version: 3`"),
        ({"version.yaml": "version: 3\n", "network.yaml": "a: 1\nb: [\n"}, "network.yaml:3 is not YAML: did not find"),
        ({"version.yaml": "version: 3\n", "databases/databases.yaml": "- !include ../../secret\n"}, "is outside of"),
        ({"version.yaml": "version: 3\n", "databases/databases.yaml": "- !include gone.yaml\n"}, "cannot be read"),
        ({"version.yaml": "version: 3\n", "databases/databases.yaml": "!include databases.yaml\n"}, "back to itself"),
        ({"version.yaml": "version: 3\n", "databases/databases.yaml": "- kind: x\n"}, 'key "name" not found'),
        (
            {"version.yaml": "version: 3\n", "actions.yaml": "actions: [{name: a}]\n"},
            "action 'a' of actions.yaml has no",
        ),
        (
            {"version.yaml": "version: 3\n", "actions.yaml": "actions: [{name: a}]\n", "actions.graphql": "type {"},
            "Syntax Error",
        ),
    ],
)
def test_a_directory_that_cannot_be_used_says_why(tmp_path: Path, files: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        directory.read(write(tmp_path, files))
    assert says in caught.value.message


def test_comments_and_layout_do_not_change_the_digest(tmp_path: Path) -> None:
    one = write(tmp_path / "one", directory.render(whole()))
    two = write(tmp_path / "two", {path: f"# touched\n{text}" for path, text in directory.render(whole()).items()})
    assert directory.digest(directory.read(one)) == directory.digest(directory.read(two))
