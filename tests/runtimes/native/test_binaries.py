from __future__ import annotations

from pathlib import Path

import pytest

from nself.errors import ConfigError, ProgramMissingError
from nself.fake_host import FakeHost
from nself.host import LocalHost, Ran
from nself.runtimes.native import binaries


def host_with(*majors: int, extensions: dict[int, list[str]] | None = None) -> FakeHost:
    """A Debian machine with these majors and no wheel that counts."""
    host = FakeHost()
    for major in majors:
        folder = Path(f"/usr/lib/postgresql/{major}/bin")
        for program in ("postgres", "initdb"):
            host.files[folder / program] = ""
        answer = f"postgres (PostgreSQL) {major}.4 (Debian)"
        host.answers[(str(folder / "postgres"), "--version")] = Ran((), 0, answer, "")
        for name in (extensions or {}).get(major, ["citext"]):
            host.files[Path(f"/usr/share/postgresql/{major}/extension/{name}.control")] = ""
    return host


def test_the_wheel_serves_the_default() -> None:
    found = binaries.postgres(LocalHost(), major=17, extensions=["pgcrypto", "hstore"])

    assert (found.origin, found.major) == ("wheel", 17)


def test_the_newest_of_the_system_wins_when_no_major_is_asked_for() -> None:
    assert binaries.postgres(host_with(15, 9, 16), major=None, choice="system").version == "16.4"


def test_another_major_than_the_wheel_s_is_found_on_the_system() -> None:
    assert binaries.postgres(host_with(15, 16), major=15).bin == Path("/usr/lib/postgresql/15/bin")


def test_a_major_that_is_nowhere_is_an_error_that_lists_what_there_is() -> None:
    with pytest.raises(ConfigError, match=r"PostgreSQL 14.*16\.4") as refused:
        binaries.postgres(host_with(16), major=14, choice="system")
    assert "apt install postgresql-14" in refused.value.fixes


def test_no_postgres_at_all_is_an_error_that_says_how_to_get_it() -> None:
    with pytest.raises(ProgramMissingError, match="holds no PostgreSQL"):
        binaries.postgres_at(FakeHost(), Path("/opt/none"))


def test_missing_extensions_are_named_of_the_programs_that_come_nearest() -> None:
    with pytest.raises(binaries.LackingError) as refused:
        binaries.postgres(host_with(15), major=15, extensions=["vector", "citext", "nonesuch"])
    assert (refused.value.version, refused.value.missing) == ("15.4", ["vector", "nonesuch"])


def test_client_programs_alone_are_no_server() -> None:
    host = host_with()
    host.files[Path("/usr/lib/postgresql/16/bin/psql")] = ""

    with pytest.raises(ProgramMissingError, match="PostgreSQL is not installed"):
        binaries.postgres(host, major=16, choice="system")


def test_nginx_is_found() -> None:
    assert LocalHost().run([str(binaries.nginx(LocalHost())), "-v"]).ok
