"""What a command leaves to the next one: used when nothing changed, and never otherwise."""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import nself
from nself.actions import derived, kept
from nself.actions import project as projects
from nself.errors import ConfigProblemsError
from nself.host import LocalHost
from nself.model.spec import Runtime
from tests.actions.places import written

HOST = LocalHost()
ENVIRON = {"PATH": "/usr/bin", "SHOP_ENV": "1"}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of which a command has left what it knows."""
    monkeypatch.setattr(kept, "FRESH_NS", -(10**15))  # tests write their files a moment before
    folder = tmp_path / "shop"
    written(folder)
    (folder / "nself.yml").write_text("runtime: native\n")
    (folder / "metadata").mkdir()
    (folder / "metadata" / "tables.yaml").write_text("[]\n")
    (folder / ".nself").mkdir()
    leave(folder)
    return folder


def load(root: Path, environ: dict[str, str] | None = None, asked: kept.Asked = (None, None)) -> kept.Kept:
    return kept.load(root, ENVIRON if environ is None else environ, HOST, asked)


def leave(root: Path) -> kept.Kept:
    found = load(root)
    derived.remembered(found.project, HOST)
    kept.keep(found, HOST)
    return found


def is_kept(found: kept.Kept) -> bool:
    return bool(found.known)


def test_the_next_command_finds_the_same_project_and_the_same_stack(root: Path) -> None:
    found = load(root)
    again = projects.load(root, ENVIRON)
    assert is_kept(found)
    assert found.project == again
    assert derived.remembered(found.project, HOST) == derived.remembered(again, HOST)


def test_nothing_is_written_when_there_is_nothing_new(root: Path) -> None:
    before = (root / ".nself/kept").stat()
    leave(root)
    assert (root / ".nself/kept").stat() == before


def changed_env(root: Path) -> None:
    text = (root / ".env").read_text()
    (root / ".env").write_text(text.replace('PROJECT_NAME="shop"', 'PROJECT_NAME="shap"'))


def new_file(root: Path) -> None:
    (root / ".env.local").write_text("BASE_DOMAIN=shop.test\n")


def dangling_link(root: Path) -> None:
    (root / "images.lock").symlink_to("nowhere")


def readable_by_all(root: Path) -> None:
    (root / ".env").chmod(0o644)


def metadata_rewritten(root: Path) -> None:
    file = root / "metadata/tables.yaml"
    times = file.stat()
    file.write_text("{}\n")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def metadata_added(root: Path) -> None:
    (root / "metadata/deep").mkdir()
    (root / "metadata/deep/actions.yaml").write_text("url: '{{SHOP_URL}}'\n")


def started_on_compose(root: Path) -> None:
    (root / ".nself/runtime").write_text("compose\n")


def init_interrupted(root: Path) -> None:
    (root / ".nself.init").write_text("{}")


CHANGES: list[Callable[[Path], None]] = [
    changed_env, new_file, dangling_link, readable_by_all, metadata_rewritten, metadata_added, started_on_compose,
    init_interrupted,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_of_the_folder_is_noticed(root: Path, change: Callable[[Path], None]) -> None:
    time.sleep(0.01)  # the clock of files moves in steps of some milliseconds
    change(root)
    assert kept.found(root, ENVIRON, HOST, (None, None)) is None


@pytest.mark.parametrize(
    "environ",
    [{**ENVIRON, "POSTGRES_PORT": "15432"}, {**ENVIRON, "ANY": ""}, {"PATH": "/usr/bin"}, {**ENVIRON, "ENV": "prod"}],
    ids=["a setting", "a new name", "one less", "another environment"],
)
def test_a_change_of_the_environment_is_noticed(root: Path, environ: dict[str, str]) -> None:
    assert kept.found(root, environ, HOST, (None, None)) is None


def test_the_value_of_a_variable_that_says_nothing_to_a_project_does_not_matter(root: Path) -> None:
    assert is_kept(load(root, {**ENVIRON, "SHOP_ENV": "2"}))


def test_the_value_of_a_variable_that_is_referred_to_does(root: Path) -> None:
    with (root / ".env").open("a") as file:
        file.write("SHOP_NOTE=${SHOP_ENV}\n")
    leave(root)
    assert is_kept(load(root))
    assert load(root, {**ENVIRON, "SHOP_ENV": "2"}).project.values["SHOP_NOTE"].text == "2"


@pytest.mark.parametrize("asked", [("staging", None), (None, Runtime.COMPOSE)], ids=str)
def test_other_options_find_another_project(root: Path, asked: kept.Asked) -> None:
    assert kept.found(root, ENVIRON, HOST, asked) is None


def test_another_nself_is_noticed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "VERSION", ("9.9.9", sys.version))
    assert not is_kept(load(root))


def test_other_code_is_noticed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = kept._stamp
    edited = str(Path(nself.__file__).parent / "services/auth.py")
    monkeypatch.setattr(kept, "_stamp", lambda path: (0, 0) if path == edited else stamp(path))
    assert not is_kept(load(root))


def test_a_new_package_is_noticed(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert not is_kept(load(root))


def test_a_folder_that_was_moved_is_another_project(root: Path) -> None:
    moved = root.rename(root.with_name("moved"))
    assert load(moved).project.root == moved


def test_what_changed_just_now_is_not_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / ".nself/kept").unlink()
    monkeypatch.setattr(kept, "FRESH_NS", 10**15)
    leave(root)
    assert not (root / ".nself/kept").exists()


def test_without_a_state_folder_nothing_is_made(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "nself.yml").write_text("runtime: native\n")
    leave(tmp_path)
    assert not (tmp_path / ".nself").exists()


def test_a_project_with_frontends_is_not_kept(root: Path) -> None:
    """Their built files are looked for on the disk."""
    (root / ".nself/kept").unlink()
    with (root / ".env").open("a") as file:
        file.write("FRONTEND_APP_1_NAME=shop\nFRONTEND_APP_1_PORT=3000\n")
    leave(root)
    assert not (root / ".nself/kept").exists()


def test_it_is_ours_alone_and_of_nobody_else(root: Path) -> None:
    file = root / ".nself/kept"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o660)
    assert not is_kept(load(root))


def test_a_link_is_not_followed(root: Path) -> None:
    file = root / ".nself/kept"
    file.rename(root / "elsewhere")
    file.symlink_to(root / "elsewhere")
    assert not is_kept(load(root))


class Hostile:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("made",)


@pytest.mark.parametrize("data", [b"", b"\x80", pickle.dumps(Hostile()), pickle.dumps((1, 2, 3))], ids=str)
def test_another_content_is_passed_over(root: Path, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.chdir(root)
    (root / ".nself/kept").write_bytes(data)
    assert not is_kept(load(root))
    assert not (root / "made").exists()


def test_mistakes_are_said_each_time(root: Path) -> None:
    (root / ".env").write_text("PROJECT_NAME=shop\n")
    for _ in range(2):
        with pytest.raises(ConfigProblemsError):
            leave(root)


watchers: list[list[Path]] = []


def watch(event: str, details: tuple[object, ...]) -> None:
    if watchers and event in {"open", "os.listdir", "os.scandir"} and isinstance(details[0], str | Path):
        watchers[-1].append(Path(details[0]))


@contextlib.contextmanager
def opened_files() -> Iterator[list[Path]]:
    """Everything this process opens meanwhile. Python has no way to take an audit hook back."""
    if not watchers:
        sys.addaudithook(watch)
    watchers.append([])
    yield watchers[-1]
    watchers.append([])


def test_nothing_of_the_folder_is_read_that_is_not_looked_at_again(root: Path) -> None:
    (root / ".nself/kept").unlink()
    with opened_files() as opened:
        found = leave(root)
    assert found.seen is not None
    known = {root / file for file in found.seen.texts} | {Path(file) for file in found.seen.metadata}
    known |= {found.project.layout.ports, found.project.layout.kept}  # the one is compared by whoever asks for a stack
    inside = {path for path in opened if path.is_relative_to(root) and not path.is_dir()}
    assert inside
    assert {path for path in inside if not path.name.startswith(".kept.")} <= known
