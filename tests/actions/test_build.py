"""nself build: the same bytes for the same project, all or nothing, and only what changed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from nself.actions import build as actions
from nself.actions.build import Built, Options, build, check
from nself.actions.resolve import resolve
from nself.errors import ConfigError, NselfError
from nself.events import Event, ProgramRan, Warned, ignore
from nself.host import LocalHost
from nself.model.project import Project
from tests.actions.places import PORTS, home, written
from tests.actions.test_resolve import Quiet


def made(project: Project, options: Options | None = None) -> Built:
    return build(project, LocalHost(), home(project.root), ignore, options)


def tree(project: Project) -> dict[str, tuple[bytes, int]]:
    """{path below the build folder: (bytes, time of writing)}."""
    folder = project.layout.build()
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def again(project: Project, values: Mapping[str, str]) -> Project:
    """The same project with other values beside its ports."""
    return written(project.root, {**{name: project.values[name].text for name in PORTS}, **values})


def test_a_first_build_writes_everything_that_runs(tmp_path: Path) -> None:
    built = made(written(tmp_path))
    assert {"supervisord.conf", "nginx/nginx.conf", "env/auth.env", "postgres/pg_hba.conf"} <= set(built.files.created)
    assert built.services == actions.Counts(core=4, optional=3, monitoring=0, custom=0, total=7)
    assert built.recommend == "start"
    assert (tmp_path / ".nself" / "certs" / "fullchain.pem").exists()


def test_building_again_writes_nothing(tmp_path: Path) -> None:
    project = written(tmp_path)
    made(project)
    before = tree(project)
    built = made(project)
    assert not built.files.any
    assert built.files.unchanged == len(before)
    assert tree(project) == before


def test_a_deleted_build_comes_back_byte_for_byte(tmp_path: Path) -> None:
    project = written(tmp_path)
    made(project)
    before = {name: data for name, (data, _) in tree(project).items()}
    shutil.rmtree(tmp_path / ".nself" / "build")
    made(project)
    assert {name: data for name, (data, _) in tree(project).items()} == before


def test_only_files_that_differ_are_touched(tmp_path: Path) -> None:
    project = written(tmp_path)
    made(project)
    before = tree(project)
    built = made(again(project, {"AUTH_ACCESS_TOKEN_EXPIRES_IN": "60"}))
    assert (built.files.created, built.files.updated, built.files.removed) == ((), ("env/auth.env",), ())
    after = tree(project)
    assert {name for name in before if before[name] != after[name]} == {"env/auth.env"}


def test_what_is_no_longer_rendered_is_removed(tmp_path: Path) -> None:
    project = written(tmp_path)
    made(project)
    built = made(again(project, {"MAILPIT_ENABLED": "false"}))
    assert built.files.removed == ("env/mail.env", "nginx/sites/mail.localhost.conf")
    assert "env/mail.env" not in tree(project)


def test_what_was_edited_by_hand_is_written_anew(tmp_path: Path) -> None:
    project = written(tmp_path)
    made(project)
    (project.layout.build() / "nginx" / "nginx.conf").write_bytes(b"\xff\xfe broken")
    assert made(project).files.updated == ("nginx/nginx.conf",)


def test_force_writes_what_did_not_change(tmp_path: Path) -> None:
    project = written(tmp_path)
    made(project)
    before = tree(project)
    made(project, Options(force=True))
    after = tree(project)
    assert all(before[name][1] < after[name][1] and before[name][0] == after[name][0] for name in before)


def test_env_files_are_for_nobody_else(tmp_path: Path) -> None:
    project = written(tmp_path)
    made(project)
    modes = {name: (project.layout.build() / name).stat().st_mode & 0o777 for name in tree(project)}
    assert {mode for name, mode in modes.items() if name.startswith("env/")} == {0o600}
    assert modes["nginx/nginx.conf"] == 0o644


def test_only_some_parts_leave_the_rest_alone(tmp_path: Path) -> None:
    project = written(tmp_path)
    built = made(project, Options(only=("nginx",)))
    assert {name.split("/")[0] for name in built.files.created} == {"nginx"}
    assert not (tmp_path / ".nself" / "build" / "native" / "env").exists()


def test_a_preview_writes_nothing_at_all(tmp_path: Path) -> None:
    project = written(tmp_path)
    built = made(project, Options(preview=True))
    assert built.files.created
    assert not (tmp_path / ".nself").exists()


def test_a_difference_shows_lines_but_no_value_of_an_env_file(tmp_path: Path) -> None:
    project = written(tmp_path)
    made(project)
    changed = again(project, {"JWT_KEY": "another-jwt-key-that-is-long-enough-000001", "NGINX_KEEPALIVE_TIMEOUT": "7"})
    shown = {each.path: each.text for each in made(changed, Options(preview=True, diff=True)).differences}
    assert "+    keepalive_timeout 7s;" in shown["nginx/nginx.conf"]
    assert shown["env/auth.env"] == "b/env/auth.env: a value that is not shown here changed"
    assert "another-jwt-key" not in str(shown)


def test_check_passes_on_what_was_just_built_and_says_what_is_stale(tmp_path: Path) -> None:
    project = written(tmp_path)
    with pytest.raises(ConfigError, match="the build is stale"):
        check(project, LocalHost(), home(tmp_path))
    made(project)
    assert not check(project, LocalHost(), home(tmp_path)).files.any
    with pytest.raises(ConfigError, match=r"1 of its files would change, first env/auth\.env"):
        check(again(project, {"AUTH_ACCESS_TOKEN_EXPIRES_IN": "60"}), LocalHost(), home(tmp_path))
    (tmp_path / ".nself" / "certs" / "privkey.pem").unlink()
    with pytest.raises(ConfigError, match="the certificate would be made anew: there is none yet"):
        check(project, LocalHost(), home(tmp_path))


def test_a_configuration_that_nginx_refuses_leaves_the_old_build_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = written(tmp_path)
    made(project)
    before = tree(project)
    render = actions.rendering.files
    broken = {"nginx/nginx.conf": "events {} http { no_such_directive on; }"}
    monkeypatch.setattr(actions.rendering, "files", lambda *arguments: {**render(*arguments), **broken})
    with pytest.raises(ConfigError, match=r"nginx refuses the rendered configuration: .*no_such_directive"):
        made(project)
    assert tree(project) == before
    assert not list((tmp_path / ".nself" / "build").glob("*.next"))


def test_a_build_that_was_killed_in_the_middle_is_mended_by_the_next(tmp_path: Path) -> None:
    project = written(tmp_path)
    made(project)
    complete = {name: data for name, (data, _) in tree(project).items()}
    beside = tmp_path / ".nself" / "build" / "native.next"
    (beside / "nginx").mkdir(parents=True)
    (beside / "nginx" / "left.conf").write_text("half")
    (project.layout.build() / "supervisord.conf").unlink()
    made(project)
    assert {name: data for name, (data, _) in tree(project).items()} == complete
    assert not beside.exists()


def test_two_builds_at_once_both_succeed_and_agree(tmp_path: Path) -> None:
    project = written(tmp_path)
    results: list[Built | BaseException] = []

    def run() -> None:
        try:
            results.append(made(project))
        except BaseException as error:  # noqa: BLE001 - reported by the assertion below
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [type(result) for result in results] == [Built] * 3
    assert sorted(bool(result.files.any) for result in results if isinstance(result, Built)) == [False, False, True]


def test_ports_that_had_to_move_are_told(tmp_path: Path) -> None:
    project = written(tmp_path, fixed=False)
    build(project, Quiet(), home(tmp_path), ignore)
    port = resolve(project, Quiet(), {}).ports[("auth", "http")]
    events: list[Event] = []
    build(project, Quiet(port), home(tmp_path), events.append)
    (warned,) = [event for event in events if isinstance(event, Warned)]
    assert f"port {port} was taken by" in warned.text


def test_a_folder_with_spaces_and_letters_of_the_world_is_fine(tmp_path: Path) -> None:
    project = written(tmp_path / "mein größtes Projekt 🚀")
    made(project)
    assert not made(project).files.any


def test_a_state_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    project = written(tmp_path)
    (tmp_path / ".nself").write_text("in the way")
    with pytest.raises(NselfError, match=r"\.nself/run.* cannot be locked"):
        made(project)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of 256 kB in `folder`; only root can make one."""
    folder.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(argv, capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a small file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_read_only_project_is_an_error_that_says_so(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk):
        project = written(disk)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(NselfError, match="read-only"):
            made(project)


def test_a_full_disk_leaves_the_old_build_whole(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk):
        project = written(disk)
        made(project)
        before = tree(project)
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 4096) == 4096:
                pass
        with pytest.raises(NselfError, match=r"full|No space left") as raised:
            made(project, Options(force=True))
        assert "df -h" in raised.value.fixes[0]
        assert tree(project) == before
        filler.unlink()
        assert not made(project).files.any


def test_an_unchanged_build_runs_nothing_but_a_look_at_the_database_programs(tmp_path: Path) -> None:
    """`nginx -t` and the certificate tools are for what changed."""
    project = written(tmp_path)
    made(project)
    events: list[Event] = []
    build(project, LocalHost(events.append), home(project.root), events.append)
    ran = [(Path(event.argv[0]).name, *event.argv[1:]) for event in events if isinstance(event, ProgramRan)]
    assert ran == [("postgres", "--version")]
