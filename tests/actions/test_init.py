"""A project is made whole or not at all, whatever happens in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nself.actions import project
from nself.actions.init import init, recover, token
from nself.actions.scaffold import Mode, Wish
from nself.errors import ConfigError, ConfigProblemsError, NselfError, PermissionDeniedError, TimedOutError, UsageError
from nself.host import LocalHost
from nself.model.layout import INIT_JOURNAL
from nself.model.project import Environment
from tests.actions.test_project import as_ordinary_user


def tree(root: Path) -> dict[str, bytes | None]:
    """Everything below a folder: texts of files, None for folders."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in sorted(root.rglob("*"))
    }


class FullDisk(LocalHost):
    """Room for so many files, then none."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, path: Path, text: str, *, mode: int = 0o644) -> None:
        if self.room == 0:
            raise NselfError(f"{path} cannot be written: No space left on device")
        self.room -= 1
        super().write(path, text, mode=mode)


@pytest.mark.parametrize("mode", list(Mode))
def test_a_new_project_loads_without_a_warning(tmp_path: Path, mode: Mode) -> None:
    done = init(tmp_path, Wish(name="shop", domain="shop.test", mode=mode), LocalHost())
    found = project.load(tmp_path, {})
    assert (found.name, found.base_domain, found.env) == ("shop", "shop.test", Environment.DEV)
    assert found.warnings == ()
    written = {path for path, text in tree(tmp_path).items() if text is not None}
    assert written == {*done.created, ".nself/history/all.jsonl"}
    assert (done.skipped, done.backed_up) == ((), ())


def test_secrets_are_fresh_long_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    for name in ("a", "b"):
        init(tmp_path / name, Wish(name=name, mode=Mode.FULL), LocalHost())
        for file in (".env", ".env.secrets"):
            assert (tmp_path / name / file).stat().st_mode & 0o777 == 0o600
    first, second = (project.load(tmp_path / name, {}).values for name in ("a", "b"))
    for key in ("POSTGRES_PASSWORD", "JWT_KEY", "HASURA_GRAPHQL_ADMIN_SECRET"):
        assert len(first[key].text) >= 32
        assert first[key].text != second[key].text
    assert first["JWT_KEY"].text not in (tmp_path / "a" / ".env.example").read_text()


def test_a_token_needs_no_quotes_anywhere() -> None:
    assert token(200).isalnum()
    assert len(token(200)) == 200


def test_a_second_time_is_refused_here_and_below(tmp_path: Path) -> None:
    init(tmp_path, Wish(name="shop"), LocalHost())
    below = tmp_path / "functions"
    before = tree(tmp_path)
    for place in (tmp_path, below):
        with pytest.raises(ConfigError, match="an nself project already"):
            init(place, Wish(name="other"), LocalHost())
    assert tree(tmp_path) == before


def checkout(root: Path) -> dict[str, str | None]:
    """A project as version control keeps it."""
    init(root, Wish(name="shop", mode=Mode.DEMO), LocalHost())
    shutil.rmtree(root / ".nself")
    (root / ".env").unlink()
    return tree(root)


def test_a_checkout_is_given_its_env_file_and_nothing_else(tmp_path: Path) -> None:
    before = checkout(tmp_path)
    with pytest.raises(ConfigProblemsError, match="PROJECT_NAME: is required") as refused:
        project.load(tmp_path, {})
    assert refused.value.fixes[0].startswith("nself init ")
    done = init(tmp_path, Wish(name="shop"), LocalHost())
    assert done.created == (".env",)
    assert {path: text for path, text in tree(tmp_path).items() if path in before} == before
    assert len(project.load(tmp_path, {}).values["POSTGRES_PASSWORD"].text) >= 32


@pytest.mark.parametrize("mode", [Mode.DEMO, Mode.FULL])
def test_a_checkout_is_given_no_other_contents(tmp_path: Path, mode: Mode) -> None:
    before = checkout(tmp_path)
    with pytest.raises(ConfigError, match=r"its \.env"):
        init(tmp_path, Wish(name="shop", mode=mode), LocalHost())
    assert tree(tmp_path) == before


def test_a_project_whose_env_files_have_other_names_is_no_checkout(tmp_path: Path) -> None:
    checkout(tmp_path)
    (tmp_path / ".env.dev").write_text("PROJECT_NAME=shop\n")
    with pytest.raises(ConfigError, match="an nself project already"):
        init(tmp_path, Wish(name="shop"), LocalHost())


def test_forced_it_keeps_secrets_user_files_and_copies(tmp_path: Path) -> None:
    init(tmp_path, Wish(name="shop"), LocalHost())
    old = project.load(tmp_path, {}).values["POSTGRES_PASSWORD"].text
    (tmp_path / "functions/hello.py").write_text("mine")
    (tmp_path / "nself.yml").write_text("# mine\n")
    done = init(tmp_path, Wish(name="renamed"), LocalHost(), force=True)
    found = project.load(tmp_path, {})
    assert (found.name, found.values["POSTGRES_PASSWORD"].text) == ("renamed", old)
    assert (tmp_path / "functions/hello.py").read_text() == "mine"
    copies = {Path(path).name: path for path in done.backed_up}
    assert copies.keys() == {"nself.yml", ".env", ".env.example"}
    assert (tmp_path / copies["nself.yml"]).read_text() == "# mine\n"
    assert (tmp_path / copies[".env"]).stat().st_mode & 0o777 == 0o600


def test_a_folder_with_files_keeps_them_and_its_env_file_gains_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MINE=1 # keep\n")
    (tmp_path / ".gitignore").write_text("*.pyc\n")
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions/hello.py").write_text("mine")
    done = init(tmp_path, Wish(name="shop"), LocalHost())
    assert (tmp_path / ".env").read_text().startswith("MINE=1 # keep\nPROJECT_NAME=shop\n")
    assert (tmp_path / ".gitignore").read_text().startswith("*.pyc\n")
    assert done.skipped == ("functions/hello.py",)
    assert project.load(tmp_path, {}).values["MINE"].text == "1"


def test_without_git_no_gitignore_appears(tmp_path: Path) -> None:
    init(tmp_path, Wish(name="shop"), LocalHost(), git=False)
    assert not (tmp_path / ".gitignore").exists()


@pytest.mark.parametrize("room", [0, 1, 2, 5, 9])
def test_a_full_disk_leaves_nothing(tmp_path: Path, room: int) -> None:
    target = tmp_path / "shop"
    with pytest.raises(NselfError, match="No space left"):
        init(target, Wish(name="shop"), FullDisk(room))
    assert tree(tmp_path) == {}


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    init(tmp_path, Wish(name="shop"), LocalHost())
    (tmp_path / "nself.yml").write_text("# mine\n")
    before = tree(tmp_path)

    class FullForALittleWhile(FullDisk):
        def remove(self, path: Path) -> None:
            super().remove(path)
            self.room += 10

    with pytest.raises(NselfError, match="No space left"):
        init(tmp_path, Wish(name="other", mode=Mode.FULL), FullForALittleWhile(8), force=True)
    assert {path: text for path, text in tree(tmp_path).items() if text is not None} == {
        path: text for path, text in before.items() if text is not None
    }


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for four pages."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small tmpfs needs root and the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full_ends_in_a_clear_error_and_nothing_left(small_disk: Path) -> None:
    with pytest.raises(NselfError, match="No space left on device") as caught:
        init(small_disk, Wish(name="shop"), LocalHost())
    assert caught.value.fixes[0] == f"make room: df -h {small_disk}"
    assert tree(small_disk) == {}


KILLED = """
import os, signal, sys
from pathlib import Path
from nself.actions.init import init
from nself.actions.scaffold import Mode, Wish
from nself.host import LocalHost

class Killed(LocalHost):
    left = int(sys.argv[2])
    def write(self, path, text, *, mode=0o644):
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1
        super().write(path, text, mode=mode)

init(Path(sys.argv[1]), Wish(name="shop", mode=Mode.FULL), Killed(), force=True)
"""


@pytest.mark.parametrize("writes", [1, 4, 11])
def test_killed_in_the_middle_it_is_taken_back_by_the_next_init(tmp_path: Path, writes: int) -> None:
    (tmp_path / ".env").write_text("MINE=1\n")
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(writes)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (tmp_path / INIT_JOURNAL).stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="half-made"):
        project.find(tmp_path, LocalHost())
    recover(tmp_path, LocalHost())
    assert tree(tmp_path) == {".env": b"MINE=1\n"}
    init(tmp_path, Wish(name="shop"), LocalHost())
    assert project.load(tmp_path, {}).name == "shop"


def test_a_damaged_journal_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / INIT_JOURNAL).write_text("{")
    with pytest.raises(ConfigError, match="damaged"):
        init(tmp_path, Wish(name="shop"), LocalHost())


def test_two_at_once_do_not_meet(tmp_path: Path) -> None:
    with LocalHost().hold(tmp_path), pytest.raises(TimedOutError, match="another nself command"):
        init(tmp_path, Wish(name="shop"), LocalHost())
    assert tree(tmp_path) == {}


def test_a_folder_that_may_not_be_written_is_a_permission_error(tmp_path: Path) -> None:
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.getuid() and len(folder.parts) > 2:
            folder.chmod(0o755)
    tmp_path.chmod(0o555)
    with as_ordinary_user(), pytest.raises(PermissionDeniedError) as caught:
        init(tmp_path, Wish(name="shop"), LocalHost())
    tmp_path.chmod(0o755)
    assert caught.value.exit_code == 7
    assert tree(tmp_path) == {}


def test_a_file_where_a_folder_must_be_leaves_nothing_new(tmp_path: Path) -> None:
    (tmp_path / "metadata").write_text("a file")
    with pytest.raises(NselfError, match="cannot be written"):
        init(tmp_path, Wish(name="shop"), LocalHost())
    assert tree(tmp_path) == {"metadata": b"a file"}


@pytest.mark.parametrize("name", ["My Shop", "1shop", "", "a" * 51, "shop/x", "shop\n"])
def test_a_bad_name_is_refused_with_one_that_would_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        init(tmp_path, Wish(name=name), LocalHost())
    assert caught.value.fixes[0].startswith("nself init --name ")
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("domain", ["a b", "-x.test", "", "x..y", "a" * 300])
def test_a_bad_domain_is_refused(tmp_path: Path, domain: str) -> None:
    with pytest.raises(UsageError):
        init(tmp_path, Wish(name="shop", domain=domain), LocalHost())


def test_the_source_tree_is_no_place_for_a_project(tmp_path: Path) -> None:
    (tmp_path / "src/nself").mkdir(parents=True)
    (tmp_path / "src/nself/__init__.py").touch()
    for place in (tmp_path, tmp_path / "src", tmp_path / "src/nself/graphql"):
        with pytest.raises(ConfigError, match="source tree"):
            init(place, Wish(name="shop"), LocalHost())
    init(tmp_path / "demo", Wish(name="demo"), LocalHost())
