from __future__ import annotations

from pathlib import Path

import pytest

from nself.errors import ConfigError
from nself.model.spec import Category, ServiceSpec
from nself.runtimes.native import configuration

TEXT = """
[program:web]
command=/bin/echo 100%% a' '';'
directory=/srv/50%%
stdout_logfile=/srv/50%%/web.log
"""


def written(tmp_path: Path, text: str = TEXT) -> Path:
    file = tmp_path / "supervisord.conf"
    file.write_text(text)
    return file


def test_a_program_is_read_as_it_was_meant(tmp_path: Path) -> None:
    program = configuration.read(written(tmp_path)).programs["web"]

    assert program.argv == ("/bin/echo", "100%", "a ;")
    assert program.log == Path("/srv/50%/web.log")


def test_a_missing_build_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="was not built"):
        configuration.read(tmp_path / "none.conf")


def test_what_is_launched_has_our_sections_whatever_the_file_said_of_them(tmp_path: Path) -> None:
    rendered = configuration.read(written(tmp_path, TEXT + "\n[unix_http_server]\nfile=/tmp/stranger.sock\n"))

    text = configuration.launched(rendered, socket=Path("/x%y/s.sock"), state=Path("/p/.nself"), logs=Path("/p/logs"))

    assert "/tmp/stranger.sock" not in text
    assert "file = /x%%y/s.sock" in text
    assert "nself.runtimes.native.plugin:interface" in text
    assert "stdout_logfile = /srv/50%%%%/web.log" in text  # supervisor expands this one twice


def fingerprint(tmp_path: Path, text: str = TEXT, *, color: str = "blue", file: str = "a") -> dict[str, str]:
    build = tmp_path / "build"
    (build / "web").mkdir(parents=True, exist_ok=True)
    (build / "web" / "web.conf").write_text(file)
    spec = ServiceSpec(name="web", category=Category.CUSTOM, env={"COLOR": color})
    program = configuration.read(written(tmp_path, text)).programs["web"]
    return configuration.fingerprint(program, specs=[spec], build=build)


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"text": TEXT.replace("echo", "true")}, "definition"),
        ({"color": "red"}, "variables of web"),
        ({"file": "b"}, "web/web.conf"),
    ],
)
def test_each_part_of_a_fingerprint_changes_with_what_it_is_of(
    tmp_path: Path, changed: dict[str, str], part: str
) -> None:
    before, after = fingerprint(tmp_path), fingerprint(tmp_path, **changed)

    assert part in {name for name in before if before[name] != after[name]}
    assert fingerprint(tmp_path) == before


def test_a_replaced_binary_is_another_program(tmp_path: Path) -> None:
    binary = tmp_path / "server"
    binary.write_text("1")
    text = TEXT.replace("/bin/echo", str(binary))
    before = fingerprint(tmp_path, text)

    binary.write_text("22")

    assert fingerprint(tmp_path, text)["program"] != before["program"]
