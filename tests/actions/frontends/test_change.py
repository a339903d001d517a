"""A frontend is named in nself.yml and taken out of wherever it is named; nothing else changes, its own files least."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions import project as projects
from nself.actions.config.change import Target
from nself.actions.frontends import change
from nself.actions.frontends.change import Wish
from nself.errors import ConfigError, ConfigProblemsError, UsageError
from nself.host import LocalHost
from tests.actions.places import written

YML = """\
version: "1"

frontends:
  site: # the first
    port: 3000
    # of the first

runtime: native # stays
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    written(tmp_path)
    (tmp_path / "nself.yml").write_text(YML)
    return tmp_path


@pytest.fixture
def target(root: Path) -> Target:
    return Target(directory=root, environ={}, host=LocalHost())


def names(root: Path, env: str | None = None) -> list[str]:
    return [each.name for each in projects.load(root, {}, env=env).frontends]


def test_it_is_written_below_the_others_and_taken_out_again_to_the_letter(target: Target, root: Path) -> None:
    done = change.add(target, Wish(name="shop", port=5173, path="web", framework="vue", route="www"))
    assert (done.added, done.file) == (True, "nself.yml")
    assert (done.frontend.route, done.frontend.target) == ("www.localhost", "http://127.0.0.1:5173")
    entry = "  shop:\n    path: web\n    route: www\n    framework: vue\n    port: 5173\n"
    assert (root / "nself.yml").read_text() == YML.replace("# of the first\n", f"# of the first\n{entry}")
    assert change.remove(target, "shop").path == "web"
    assert (root / "nself.yml").read_text() == YML


def test_the_last_one_leaves_a_file_that_loads(target: Target, root: Path) -> None:
    change.remove(target, "site")
    assert (root / "nself.yml").read_text() == 'version: "1"\n\nfrontends:\n\nruntime: native # stays\n'
    assert names(root) == []
    change.add(target, Wish(name="site"))
    assert names(root) == ["site"]


@pytest.mark.parametrize("path", ["my web", "web: x # y", '"', "true", "ü"])
def test_a_folder_of_any_name_is_read_back_as_it_is(target: Target, root: Path, path: str) -> None:
    (root / path).mkdir()
    assert change.add(target, Wish(name="shop", path=path)).frontend.path == path


def test_asked_for_again_it_changes_nothing(target: Target, root: Path) -> None:
    before = (root / "nself.yml").read_text()
    assert not change.add(target, Wish(name="site", port=3000)).added
    assert (root / "nself.yml").read_text() == before


def test_one_that_is_there_is_not_changed_by_being_asked_for_in_another_way(target: Target) -> None:
    with pytest.raises(ConfigError, match="site is there already, with port 3000"):
        change.add(target, Wish(name="site", port=4000))


@pytest.mark.parametrize(("name", "wish"), [("Shop", {}), ("a b", {}), ("shop", {"route": "a b"})])
def test_what_would_not_load_is_not_written(target: Target, root: Path, name: str, wish: dict[str, str]) -> None:
    with pytest.raises(ConfigProblemsError):
        change.add(target, Wish(name=name, **wish))  # type: ignore[arg-type]
    assert (root / "nself.yml").read_text() == YML


@pytest.mark.parametrize("wish", [{"path": "../site"}, {"path": "/etc"}, {"path": ".nself"}, {"dist": "../../dist"}])
def test_what_could_never_be_served_is_not_written(target: Target, root: Path, wish: dict[str, str]) -> None:
    before = (root / "nself.yml").read_text()
    with pytest.raises(UsageError, match="cannot be served from"):
        change.add(target, Wish(name="shop", **wish))
    assert (root / "nself.yml").read_text() == before


def test_a_file_in_another_form_is_left_to_the_user(target: Target, root: Path) -> None:
    text = 'version: "1"\nfrontends: {site: {port: 3000}}\n'
    (root / "nself.yml").write_text(text)
    with pytest.raises(ConfigError, match="leaves no place"):
        change.add(target, Wish(name="shop"))
    with pytest.raises(ConfigError, match="cannot be taken out"):
        change.remove(target, "site")
    assert (root / "nself.yml").read_text() == text


def test_variables_of_every_environment_go_together(target: Target, root: Path) -> None:
    before = (root / ".env").read_text()
    (root / ".env").write_text(
        f"{before}# the app\nFRONTEND_APP_2_PORT=3001\nexport FRONTEND_APP_2_NAME=app # its id\nFRONTEND_APP_3_NAME=b"
    )
    (root / ".env.prod").write_text("LOG_LEVEL=warn\nFRONTEND_APP_2_ROUTE=www\n")
    done = change.remove(target, "app")
    assert done.files == (".env.prod", ".env")
    assert (root / ".env").read_text() == f"{before}# the app\nFRONTEND_APP_3_NAME=b"
    assert (root / ".env.prod").read_text() == "LOG_LEVEL=warn\n"
    assert names(root) == ["b", "site"]


def test_one_that_is_not_there_is_answered_with_the_nearest(target: Target) -> None:
    with pytest.raises(UsageError, match="no frontend 'sit'") as caught:
        change.remove(target, "sit")
    assert caught.value.fixes[0] == "did you mean site?"


def test_one_that_the_shell_names_is_not_said_to_be_gone(root: Path) -> None:
    environ = {"FRONTEND_APP_1_NAME": "mine", "FRONTEND_APP_1_PORT": "3055"}
    target = Target(directory=root, environ=environ, host=LocalHost())
    with pytest.raises(ConfigError, match="this shell's environment"):
        change.remove(target, "mine")
