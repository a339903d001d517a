from __future__ import annotations

import pytest

from nself.actions import scaffold
from nself.actions.config.read import full_schema
from nself.actions.scaffold import IGNORED, Mode, Wish, gitignore, with_missing
from nself.model import dotenv


def test_every_secret_that_is_to_be_made_is_made_with_its_length() -> None:
    schema = full_schema()
    text = scaffold.main_env(Wish(name="shop"), schema, lambda length: "x" * length, {})
    found = {entry.key: entry.parts for entry in dotenv.parse(text, ".env").entries}
    assert found["PROJECT_NAME"] == ("shop",)
    assert schema.generated().keys() >= {"JWT_KEY", "POSTGRES_PASSWORD", "HASURA_GRAPHQL_ADMIN_SECRET"}
    for name, length in schema.generated().items():
        assert found[name] == ("x" * length,)


def test_a_secret_that_is_there_is_kept() -> None:
    text = scaffold.main_env(Wish(name="shop"), full_schema(), lambda length: "x" * length, {"JWT_KEY": "mine"})
    assert "JWT_KEY=mine\n" in text


def test_the_gitignore_grows_and_keeps_what_is_there() -> None:
    grown = gitignore("*.pyc\n.env\n")
    assert grown.startswith("*.pyc\n.env\n\n# nself\n")
    assert grown.splitlines().count(".env") == 1
    assert set(IGNORED) <= set(grown.splitlines())
    assert gitignore(grown) == grown


@pytest.mark.parametrize("path", [".env", ".env.local", ".env.secrets", ".nself/", ".environments/*/.env.secrets"])
def test_what_holds_secrets_is_ignored(path: str) -> None:
    assert path in IGNORED


def test_a_users_env_file_keeps_its_lines_and_gains_what_it_lacks() -> None:
    assert with_missing("A=1 # mine\nB=2", "B=3\nC='x y'\n") == "A=1 # mine\nB=2\nC='x y'\n"


def test_every_mode_brings_a_document_and_metadata() -> None:
    for mode in Mode:
        files = scaffold.contents(Wish(name="shop", mode=mode))
        assert {"nself.yml", "metadata/version.yaml", "metadata/databases/databases.yaml"} <= files.keys()
        assert not any("{{" in text for path, text in files.items() if path.startswith(("nself.yml", ".env")))


def test_full_has_a_file_for_each_environment() -> None:
    assert {".env.dev", ".env.staging", ".env.prod", ".env.secrets"} <= scaffold.contents(
        Wish(name="shop", mode=Mode.FULL)
    ).keys()
