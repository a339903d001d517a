"""Looking at settings: who said what, what it means, whether it is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.config import read as config
from nself.actions.init import init
from nself.actions.project import inspect
from nself.actions.scaffold import Wish
from nself.errors import ConfigError, UsageError
from nself.host import LocalHost
from nself.model.load import Loaded
from nself.model.project import Environment


@pytest.fixture
def root(tmp_path: Path) -> Path:
    init(tmp_path, Wish(name="shop"), LocalHost())
    (tmp_path / ".env.dev").write_text("LOG_LEVEL=warn\nMINE=1\n")
    (tmp_path / ".env.prod").write_text("POSTGRES_MAX_CONNECTIONS=200\nLOG_LEVEL=error\n")
    with (tmp_path / ".env").open("a") as file:
        file.write("LOG_LEVEL=debug\n")
    return tmp_path


@pytest.fixture
def loaded(root: Path) -> Loaded:
    return inspect(root, {})


def test_show_masks_secrets_unless_told_otherwise(loaded: Loaded) -> None:
    secret = loaded.cascade.values["JWT_KEY"].text
    assert secret not in str(config.show(loaded).config)
    assert config.show(loaded, reveal=True).config["JWT_KEY"] == secret
    assert config.show(loaded).config["JWT_KEY"] == f"{secret[:4]}…(64)"
    assert config.show(loaded).file == ".env"
    assert secret not in repr(config.show(loaded, reveal=True))


def test_get_says_the_source(loaded: Loaded) -> None:
    found = config.get(loaded, "LOG_LEVEL")
    assert (found.key, found.value, found.found) == ("LOG_LEVEL", "debug", True)
    assert found.source is not None
    assert found.source.startswith(".env:")
    assert config.get(loaded, "POSTGRES_USER") == config.Got(
        key="POSTGRES_USER", value="postgres", found=True, source="default"
    )
    assert config.get(loaded, "ADMIN_EMAIL") == config.Got(key="ADMIN_EMAIL", value=None, found=False, source=None)
    assert config.get(loaded, "HASURA_JWT_KEY").key == "JWT_KEY"


def test_a_key_that_nothing_knows_names_the_nearest(loaded: Loaded) -> None:
    for key, near in (("LOG_LEVLE", "LOG_LEVEL"), ("MINNE", "MINE")):
        with pytest.raises(ConfigError) as caught:
            config.get(loaded, key)
        assert caught.value.fixes[0].startswith(f"did you mean {near}?")


def test_explain_lists_every_layer_and_the_documentation(loaded: Loaded) -> None:
    found = config.explain(loaded, "LOG_LEVEL")
    first = found.layers[0]
    assert (first.file, first.line, first.value) == (".env.dev", 1, "warn")
    assert found.layers[-1].value == found.value == "debug"
    assert (found.default, found.type, found.section) == ("info", "debug | info | warn | error", "Project")
    assert found.help
    mine = config.explain(loaded, "MINE")
    assert (mine.section, mine.secret, mine.default) == ("yours", False, None)
    assert config.explain(loaded, "JWT_KEY").layers[0].value.endswith("…(64)")


def test_list_has_every_key_once(loaded: Loaded) -> None:
    keys = config.listed(loaded).keys
    assert len(keys) == len(set(keys))
    assert {"PROJECT_NAME", "POSTGRES_PORT", "CS_N", "MINE"} <= set(keys)


def test_validate_reports_what_is_wrong_and_strict_counts_warnings(root: Path) -> None:
    (root / ".env.dev").write_text("POSTGRES_PORT=x\nBASE_DOMIAN=y\n")
    found = config.validate(inspect(root, {}), LocalHost())
    assert not found.valid
    assert [(each.key, each.file, each.line) for each in found.errors] == [("POSTGRES_PORT", ".env.dev", 1)]
    assert [each.key for each in found.warnings] == ["BASE_DOMIAN"]
    (root / ".env.dev").write_text("BASE_DOMIAN=y\n")
    assert config.validate(inspect(root, {}), LocalHost()).valid
    assert not config.validate(inspect(root, {}), LocalHost(), strict=True).valid


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ("services: {a: {command: x, depends_on: [b]}, b: {command: x, depends_on: [a]}}", "in a circle: a -> b -> a"),
        ("services: {a: {command: x, depends_on: [nothing]}}", "is no service of this project"),
        ('services: {a: {command: "x \\0"}}', "holds a NUL character"),
        ('services: {a: {command: x, env: {A: "\\0"}}}', "holds a NUL character"),
    ],
)
def test_what_no_stack_can_be_made_of_is_not_valid(root: Path, document: str, wrong: str) -> None:
    (root / "nself.yml").write_text(f"{document}\n")
    (found,) = config.validate(inspect(root, {}), LocalHost()).errors
    assert wrong in found.message


def test_every_secret_that_is_missing_is_told_at_once(root: Path) -> None:
    (root / ".env").write_text("PROJECT_NAME=shop\n")
    found = config.validate(inspect(root, {}), LocalHost())
    assert {each.key for each in found.errors} >= {"HASURA_GRAPHQL_ADMIN_SECRET", "JWT_KEY", "POSTGRES_PASSWORD"}


def test_secrets_are_validated_by_themselves(root: Path) -> None:
    (root / ".env").write_text("PROJECT_NAME=shop\nPOSTGRES_PASSWORD=postgres\nPOSTGRES_PORT=x\n")
    found = config.validate_secrets(inspect(root, {}, env="prod"))
    assert [each.key for each in found.errors] == ["POSTGRES_PASSWORD"]


def test_environments_are_compared_with_secrets_masked(root: Path) -> None:
    (root / ".env.prod").write_text("POSTGRES_MAX_CONNECTIONS=200\n")
    (root / ".env.dev").write_text("MINE=1\nMY_TOKEN=" + "a" * 20)
    (root / ".env.staging").write_text("MINE=2\nMY_TOKEN=" + "b" * 20)
    found = config.diff(root, {}, "staging", "prod")
    assert (found.a, found.b) == (Environment.STAGING, Environment.PROD)
    assert (found.only_a, found.only_b) == ((), ("POSTGRES_MAX_CONNECTIONS",))
    assert {each.key: (each.a, each.b) for each in found.changed} == {
        "ENV": ("staging", "prod"),
        "MINE": ("2", "1"),
        "MY_TOKEN": ("bbbb…(20)", "aaaa…(20)"),
    }


def test_an_export_reads_back_as_the_same_values(root: Path, loaded: Loaded, tmp_path: Path) -> None:
    done = config.export(loaded, reveal=True)
    other = tmp_path / "other"
    other.mkdir()
    (other / ".env").write_text(done.text)
    again = inspect(other, {})
    assert {key: value.text for key, value in again.cascade.values.items()} == {
        key: value.text for key, value in loaded.cascade.values.items()
    }
    hidden = config.export(loaded)
    assert loaded.cascade.values["JWT_KEY"].text not in hidden.text
    assert "JWT_KEY" in hidden.left_out


def test_environments_are_called_by_any_of_their_names() -> None:
    assert config.environment("production") is Environment.PROD
    with pytest.raises(UsageError):
        config.environment("nowhere")


def test_a_broken_project_can_still_be_looked_at(root: Path) -> None:
    (root / "nself.yml").write_text("a: [")
    (root / ".env.dev").write_text("nonsense\nMINE=1\n")
    assert config.get(inspect(root, {}), "MINE").value == "1"
