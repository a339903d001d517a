"""`nself service init`: the entry and the files, what is there already untouched, and nothing that would not load."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from nself.actions import project as projects
from nself.actions.config.change import Target
from nself.actions.service.init import Added, Wish, init
from nself.errors import ConfigError, ConfigProblemsError, NselfError, UsageError
from nself.host import LocalHost
from tests.actions.places import written

YML = """\
# ours
version: "1"

services:
  web: # the site
    command: python3 server.py
    port: 8001

runtime: native
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    written(tmp_path)
    (tmp_path / "nself.yml").write_text(YML)
    return tmp_path


def add(root: Path, name: str = "api", host: LocalHost | None = None, **wish: object) -> Added:
    target = Target(directory=root, environ={}, host=host or LocalHost())
    return init(target, Wish(name=name, **{"template": "fastapi", **wish}))  # type: ignore[arg-type]


def test_it_writes_the_entry_and_the_files(root: Path) -> None:
    done = add(root, route="my")
    text = (root / "nself.yml").read_text()
    entry = "  api:\n    template: fastapi\n    port: 8002\n    route: my\n"
    assert text == YML.replace("    port: 8001\n", f"    port: 8001\n{entry}")
    assert (done.added, done.file, done.host, done.folder) == (True, "nself.yml", "my.localhost", "services/api")
    assert "Dockerfile" in done.files and (root / "services/api/Dockerfile").is_file()
    (found,) = [each for each in projects.load(root, {}).custom if each.name == "api"]
    assert (found.port, found.template) == (8002, "fastapi")


@pytest.mark.parametrize("command", ["./server --port $PORT", "sh -c \"a: b # c\" 'd'", "é\\n {x}"])
def test_a_command_of_ones_own_is_written_as_it_is(root: Path, command: str) -> None:
    add(root, template="custom", command=command)
    (found,) = [each for each in projects.load(root, {}).custom if each.name == "api"]
    assert found.command == command


def test_a_command_of_ones_own_has_a_folder_to_run_in_and_nothing_in_it(root: Path) -> None:
    done = add(root, template="custom", command="./server")
    assert done.files == ()
    assert list((root / "services/api").iterdir()) == []


def test_two_at_once_write_two_entries(root: Path) -> None:
    threads = [threading.Thread(target=add, args=(root, name)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {"one", "two"} <= {each.name for each in projects.load(root, {}).custom}
    assert all((root / "services" / name / "Dockerfile").is_file() for name in ("one", "two"))


def test_asked_for_again_it_changes_nothing(root: Path) -> None:
    add(root)
    (root / "services/api/Dockerfile").write_text("mine")
    before = (root / "nself.yml").read_text()
    again = add(root, template=None)
    assert (again.added, again.files) == (False, ())
    assert (root / "nself.yml").read_text() == before
    assert (root / "services/api/Dockerfile").read_text() == "mine"


def test_another_template_for_a_service_that_is_there_is_refused(root: Path) -> None:
    with pytest.raises(ConfigError, match="web is there already, with template custom"):
        add(root, "web")
    add(root)
    with pytest.raises(ConfigError, match="api is there already, with port 8002"):
        add(root, port=9000)


def test_code_that_is_there_is_left_alone(root: Path) -> None:
    (root / "services/api").mkdir(parents=True)
    (root / "services/api/main.py").write_text("mine")
    done = add(root)
    assert (done.added, done.files) == (True, ())
    assert [path.name for path in (root / "services/api").iterdir()] == ["main.py"]


def test_without_the_file_it_is_made(root: Path) -> None:
    (root / "nself.yml").unlink()
    add(root)
    assert (root / "nself.yml").read_text().startswith('version: "1"\n\nservices:\n  api:\n')


def test_a_disk_that_is_full_for_the_files_leaves_an_entry_that_build_fulfils(root: Path) -> None:
    class Full(LocalHost):
        def copy(self, path: Path, to: Path) -> None:
            raise NselfError(f"{to} cannot be written: No space left on device")

    with pytest.raises(NselfError, match="No space left"):
        add(root, host=Full())
    assert not (root / "services/api").exists()
    assert add(root).files


@pytest.mark.parametrize("name", ["../evil", "Api", "a b", "", "-x", "a:\n  b", "x" * 60])
def test_a_hostile_name_reaches_no_file(root: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a service's name"):
        add(root, name)
    assert (root / "nself.yml").read_text() == YML


@pytest.mark.parametrize("route", ["a b", "x: {y", "#", "a\nb: c"])
def test_a_hostile_route_reaches_no_file(root: Path, route: str) -> None:
    with pytest.raises(UsageError, match="cannot be a host"):
        add(root, route=route)


def test_the_nearest_template_is_named(root: Path) -> None:
    with pytest.raises(UsageError, match="there is no template 'fastapy'") as error:
        add(root, template="fastapy")
    assert error.value.fixes[0] == "nself service init api --template fastapi"
    with pytest.raises(UsageError, match="which template"):
        add(root, template=None)


@pytest.mark.parametrize(("name", "wish"), [("postgres", {}), ("api", {"port": 8001}), ("api", {"route": "auth"})])
def test_what_would_not_load_is_not_written(root: Path, name: str, wish: dict[str, object]) -> None:
    with pytest.raises(ConfigProblemsError):
        add(root, name, **wish)
    assert (root / "nself.yml").read_text() == YML
    assert not (root / "services").exists()


def test_a_list_in_one_line_is_left_to_the_user_who_is_told_what_to_add(root: Path) -> None:
    (root / "nself.yml").write_text("services: {web: {command: x}}\n")
    with pytest.raises(ConfigError, match="no place for an entry") as error:
        add(root)
    assert "  api:\n    template: fastapi\n    port: 8002" in error.value.fixes[0]
