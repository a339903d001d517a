"""The process manager's configuration, as supervisor itself reads it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from supervisor.options import ServerOptions

from nself.errors import ConfigError
from nself.model.layout import Layout
from nself.model.place import Place
from nself.model.spec import Category, ServiceSpec
from nself.render import supervisor
from tests.render.checkers import supervisor_reads
from tests.render.rendering import PROGRAMS, render
from tests.services.projects import SECRETS, custom, network, project


def configuration(*words: str, root: Path = Path("/srv/shop")) -> dict[str, str]:
    """One program with this command."""
    spec = ServiceSpec(name="web", category=Category.REQUIRED, command=words)
    return supervisor.render([spec], network(project()), Place(layout=Layout(root), programs=PROGRAMS))


def test_our_servers_share_one_program_and_all_others_have_their_own(tmp_path: Path) -> None:
    programs = supervisor_reads(render(project(custom=(custom(),))), tmp_path)
    assert set(programs) == {"postgres", "backend", "web", "nginx"}
    words = shlex.split(programs["backend"].command)
    assert words[1:3] == ["-m", "nself.backend"]
    assert {"graphql", "auth", "storage", "functions", "mail"} <= set(words)
    assert "auth=127.0.0.1:4000" in words


def test_nothing_starts_by_itself_and_everything_starts_again(tmp_path: Path) -> None:
    for program in supervisor_reads(render(project(custom=(custom(),))), tmp_path).values():
        assert not program.autostart
        assert program.autorestart
        assert program.startretries > 0
        assert program.killasgroup


def test_needs_have_the_lower_priority_number(tmp_path: Path) -> None:
    programs = supervisor_reads(render(project(custom=(custom(needs=("graphql",)),))), tmp_path)
    assert [name for name, _ in sorted(programs.items(), key=lambda item: item[1].priority)] == [
        "postgres", "backend", "web", "nginx",
    ]  # fmt: skip


def test_each_is_stopped_the_way_it_likes(tmp_path: Path) -> None:
    programs = supervisor_reads(render(project(custom=(custom(),))), tmp_path)
    signals = {name: program.stopsignal.name for name, program in programs.items()}
    assert signals == {"postgres": "SIGINT", "backend": "SIGTERM", "web": "SIGTERM", "nginx": "SIGQUIT"}
    assert programs["postgres"].stopwaitsecs == 60
    assert (programs["web"].stopasgroup, programs["postgres"].stopasgroup) == (True, False)


def test_logs_are_rotated_by_size_and_number(tmp_path: Path) -> None:
    program = supervisor_reads(render(project()), tmp_path)["backend"]
    assert (program.stdout_logfile_maxbytes, program.stdout_logfile_backups) == (10 * 1024 * 1024, 3)
    assert program.redirect_stderr


def test_no_secret_is_in_the_configuration() -> None:
    text = render(project(custom=(custom(access=("database", "admin")),)))["supervisord.conf"]
    assert not [secret for secret in SECRETS.values() if secret in text]


def test_a_service_without_a_command_is_for_other_runtimes() -> None:
    assert "[program:web]" not in render(project(custom=(custom(command=None, image="web:1"),)))["supervisord.conf"]


def test_names_in_braces_stand_for_places_and_others_stay(tmp_path: Path) -> None:
    files = configuration("{bin:python}", "{data:pg}", "{root}/x", "{run}", "{nothing}", "{data}", "${PORT}")
    (program,) = supervisor_reads(files, tmp_path).values()
    assert shlex.split(program.command) == [
        "/usr/lib/nself/python", "/srv/shop/.nself/data/pg", "/srv/shop/x", "/srv/shop/.nself/run",
        "{nothing}", "{data}", "${PORT}",
    ]  # fmt: skip


PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@given(words=st.lists(PRINTABLE, min_size=1, max_size=5))
@example(words=["a ;b", "a #b", "%(here)s", "%", "$HOME", "'", '"', "\\", "a\u2028b", "\u00a0;x", "[program:evil]"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_any_command_comes_back_word_by_word(tmp_path: Path, words: list[str]) -> None:
    literal = [word.replace("{", "(") for word in words]
    programs = supervisor_reads(configuration(*literal), tmp_path)
    assert set(programs) == {"web"}
    assert shlex.split(programs["web"].command) == literal


@pytest.mark.parametrize("word", ["a\nb", "a\rb", "\x00", "a\n[program:evil]\ncommand=x", "\x1b[2J"])
def test_control_characters_in_a_command_are_refused(word: str) -> None:
    with pytest.raises(ConfigError, match="control characters"):
        configuration(word)


@pytest.mark.parametrize("folder", ["my projects", "größe", "100%", "it's", 'a"b', "$HOME", "(x)", "a;b", "a#b"])
def test_a_project_may_live_in_a_folder_with_an_awkward_name(tmp_path: Path, folder: str) -> None:
    root = tmp_path / folder
    text = configuration("{root}/run", root=root)["supervisord.conf"]
    (root / ".nself" / "logs").mkdir(parents=True)
    path = tmp_path / "supervisord.conf"
    path.write_text(f"[supervisord]\n{text}", encoding="utf-8")
    options = ServerOptions()
    options.realize(["-c", str(path)])
    (program,) = options.process_group_configs[0].process_configs
    assert shlex.split(program.command) == [f"{root}/run"]
    assert program.directory == str(root)
    assert program.stdout_logfile == str(root / ".nself" / "logs" / "web.log")


@pytest.mark.parametrize("folder", ["a #b", "a ;b", "a\nb", " a", "a\t;b"])
def test_a_folder_that_supervisor_would_misread_is_refused_with_the_way_out(folder: str) -> None:
    with pytest.raises(ConfigError, match="supervisor cannot work in a folder") as raised:
        configuration("x", root=Path(folder))
    assert "move the project" in raised.value.fixes[0]
