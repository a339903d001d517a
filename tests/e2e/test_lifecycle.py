"""A project from its first start to its reset, as a user drives it."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import PASSWORD, SECRET, Project, wait_until
from tests.proofs import Proved

pytestmark = pytest.mark.e2e
NewProject = Callable[..., Project]


def test_the_whole_core_stack_starts_is_shown_and_stops(new_project: NewProject, proved: Proved) -> None:
    project = new_project(lean=False)

    started = project.json("start")

    assert started["failed"] == []
    assert started["healthy"] == started["total"] == 7
    assert set(started["started"]) == set(project.health())
    assert any(url.startswith("https://auth.localhost") for url in started["urls"])
    well = {"total": 7, "running": 7, "healthy": 7, "unhealthy": 0, "stopped": 0}
    wait_until(lambda: project.json("status", check=False)["summary"] == well)
    status = project.json("status", check=False)
    for service in status["services"]:
        proved(service["name"], status["runtime"])
    assert set(status["services"][0]["memory"]) == {"used", "limit", "percent"}
    servers = {"auth", "functions", "graphql", "mail", "storage"}
    assert set(project.json("stop", "auth")["stopped"]) == servers  # one process hosts them
    assert set(project.json("start", "mail")["started"]) == servers
    stopped = project.json("stop")
    assert set(stopped["stopped"]) == set(started["started"])
    assert stopped["stopped"][-1] == "postgres"
    assert stopped["removed"] == {"containers": 0, "volumes": 0, "images": 0}
    assert project.nself("status", check=False).returncode == 4


def test_a_second_start_changes_nothing_and_data_survives_a_stop(project: Project) -> None:
    assert project.nself("start", "--dry-run").stdout.splitlines() == [
        "start postgres: not running",
        "start graphql after postgres: not running",
        "start nginx: not running",
    ]
    project.nself("start")
    pids = {name: service["pid"] for name, service in project.status().items()}
    project.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")

    again = project.json("start")

    assert (again["started"], again["healthy"], again["total"]) == ([], 3, 3)
    assert {name: service["pid"] for name, service in project.status().items()} == pids
    assert "nothing to do" in project.nself("start", "--dry-run").stdout
    project.nself("stop")
    project.nself("start")
    assert project.sql("SELECT n FROM kept") == "42"


def test_naming_a_service_starts_it_and_what_it_needs(project: Project) -> None:
    assert set(project.json("start", "graphql")["started"]) == {"postgres", "graphql"}
    project.becomes({"postgres": "healthy", "graphql": "healthy", "nginx": "stopped"})
    assert project.nself("status", check=False).returncode == 1

    assert project.json("stop", "graphql")["stopped"] == ["graphql"]
    project.becomes(postgres="healthy")

    unknown = project.nself("start", "grafql", check=False)
    assert unknown.returncode == 2
    assert "did you mean graphql?" in unknown.stderr


def test_restart_takes_what_changed_or_what_is_named_or_everything(running: Project) -> None:
    before = running.pids()

    assert running.json("restart") == {"restarted": [], "unchanged": ["postgres", "graphql", "nginx"], "failed": []}
    running.write(HASURA_GRAPHQL_ENABLE_CONSOLE="false")
    assert "restart graphql after postgres: changed: variables of graphql" in running.nself("start", "--dry-run").stdout
    assert running.json("restart")["restarted"] == ["graphql"]
    assert running.pid("postgres") == before["postgres"]
    assert running.json("restart", "nginx")["restarted"] == ["nginx"]
    assert running.pid("nginx") != before["nginx"]
    assert set(running.json("restart", "--all")["restarted"]) == set(before)
    assert running.pid("postgres") != before["postgres"]


def test_a_changed_password_reaches_the_database(running: Project) -> None:
    running.sql("CREATE TABLE kept ()")

    running.write(POSTGRES_PASSWORD="another-password-altogether")
    running.nself("start")

    running.becomes({"postgres": "healthy", "graphql": "healthy", "nginx": "healthy"})
    assert running.sql("SELECT count(*) FROM kept") == "0"


@pytest.mark.skipif(not Path("/usr/lib/postgresql/15/bin").is_dir(), reason="PostgreSQL 15 of the system is missing")
def test_the_system_s_postgres_serves_its_major_and_its_data_is_never_given_to_another(project: Project) -> None:
    project.write(POSTGRES_VERSION="15")
    project.nself("start")
    assert project.sql("SHOW server_version").startswith("15.")
    project.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")

    project.write(POSTGRES_VERSION="17")
    refused = project.nself("start", check=False)

    assert refused.returncode == 3
    assert "set POSTGRES_VERSION=15" in refused.stderr
    project.write(POSTGRES_VERSION="15")
    project.nself("start")
    assert project.sql("SELECT n FROM kept") == "1"


def test_extensions_are_created_and_a_missing_one_is_named_with_what_provides_it(project: Project) -> None:
    project.write(POSTGRES_EXTENSIONS="pgcrypto,hstore")
    project.nself("start", "postgres")
    assert "hstore" in project.sql("SELECT string_agg(extname, ',') FROM pg_extension")

    project.write(POSTGRES_EXTENSIONS="hstore,postgis")
    refused = project.nself("start", check=False)

    assert refused.returncode == 3
    assert "postgis" in refused.stderr
    assert "postgresql-17-postgis-3" in refused.stderr
    project.becomes(postgres="healthy")


def test_new_migrations_are_applied_and_nothing_restarts_for_them(running: Project) -> None:
    migrations = running.root / "db" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "1_notes.up.sql").write_text("CREATE TABLE notes (id int PRIMARY KEY);")

    assert running.nself("start", "--dry-run").stdout == "apply migrations: db/migrations changed\n"
    assert running.json("start")["started"] == []
    assert running.sql("SELECT count(*) FROM notes") == "0"
    assert "nothing to do" in running.nself("start", "--dry-run").stdout

    (migrations / "2_wrong.up.sql").write_text("CREATE TABLE more ();\nCREATE TABEL oops ();")
    failed = running.nself("start", check=False)
    (migrations / "2_wrong.up.sql").unlink()
    assert failed.returncode == 5
    assert "migration 2_wrong failed, line 2" in failed.stderr
    assert running.sql("SELECT to_regclass('more')") == ""


def test_exec_in_what_does_not_run_says_what_starts_it(project: Project) -> None:
    not_running = project.nself("exec", "postgres", check=False)
    assert not_running.returncode == 4
    assert "nself start postgres" in not_running.stderr


def test_exec_becomes_the_program_with_its_exit_code_and_nothing_of_ours(running: Project) -> None:
    assert running.nself("exec", "postgres", "psql", "-Atc", "SELECT 6 * 7").stdout == "42\n"
    assert running.nself("exec", "graphql", "--", "sh", "-c", "exit 7", check=False).returncode == 7
    environment = running.nself("exec", "-e", "COLOUR=blue", "graphql", "env").stdout
    assert f"HASURA_GRAPHQL_ADMIN_SECRET={SECRET}" in environment
    assert "COLOUR=blue" in environment
    assert running.nself("exec", "graphql", "no-such-program", check=False).returncode == 127


def test_logs_of_one_service_by_count_level_and_as_json(project: Project) -> None:
    project.nself("start", "postgres")
    project.sql("SELECT no_such_column", check=False)

    lines = [
        json.loads(line)
        for line in project.nself("--json", "logs", "postgres", "--level", "error").stdout.split("\n")
        if line
    ]

    assert any("no_such_column" in line["message"] for line in lines)
    assert {line["level"] for line in lines} == {"error"}
    assert set(lines[0]) == {"ts", "service", "stream", "level", "message"}
    assert len(project.nself("logs", "postgres", "-n", "1").stdout.splitlines()) == 1
    assert "no_such_column" in project.nself("logs", "--search", "NO_SUCH", "--since", "1h").stdout
    assert project.nself("logs", "--since", "soon", check=False).returncode == 2


def test_logs_are_followed(running: Project) -> None:
    follower = running.spawn("logs", "-f", "postgres", "-n", "0", "--raw")
    assert follower.stdout is not None
    output = follower.stdout.fileno()
    seen = b""
    try:
        # The follower needs a moment to open the file: go on until it has seen one of our lines.
        while b"followed" not in seen:
            running.sql("SELECT followed", check=False)
            if select.select([output], [], [], 0.2)[0]:
                seen += os.read(output, 65536)
    finally:
        os.killpg(follower.pid, signal.SIGINT)
        follower.communicate(timeout=60)
    assert follower.returncode == 130


def test_reset_backs_up_and_removes_data_and_generated_files_only(project: Project) -> None:
    project.nself("start", "postgres")
    (project.root / "functions").mkdir()
    (project.root / "functions" / "mine.py").write_text("# mine\n")
    assert project.nself("reset", check=False).returncode == 2  # nobody to ask, and no --yes

    done = project.json("reset", "--yes")

    assert done["removed"]["volumes"] == 1
    assert {".env", "functions/", "_backup/"} <= set(done["kept"])
    assert not (project.root / ".nself" / "data" / "postgres").exists()
    assert not (project.root / ".nself" / "build").exists()
    assert (project.root / "functions" / "mine.py").exists()
    assert re.fullmatch(r"shop_\d{8}_\d{6}\.tar\.gz", Path(done["backup"]).name)
    with tarfile.open(done["backup"]) as archive:
        names = archive.getnames()
    assert {".env", "functions/mine.py", ".nself/data/postgres/PG_VERSION"} <= set(names)
    assert Path(done["backup"]).stat().st_mode & 0o077 == 0
    assert project.json("start", "postgres")["healthy"] == 1


def test_stop_with_volumes_asks_and_deletes_the_data(project: Project) -> None:
    project.nself("start", "postgres")
    assert project.nself("stop", "--volumes", check=False).returncode == 2
    project.becomes(postgres="healthy")

    assert project.json("stop", "--volumes", "--yes")["removed"]["volumes"] == 1
    assert not (project.root / ".nself" / "data" / "postgres").exists()


def test_data_deleted_by_hand_is_missed_and_begun_anew_only_when_that_is_asked_for(project: Project) -> None:
    data = project.root / ".nself" / "data" / "postgres"
    project.nself("start", "postgres")
    project.nself("stop")
    shutil.rmtree(data)

    for command in (("start", "postgres"), ("start", "--dry-run"), ("restart", "--all"), ("restart", "postgres")):
        refused = project.nself(*command, check=False)
        assert refused.returncode == 1 and str(data) in refused.stderr, command
        assert "nself start --empty-volumes" in refused.stderr
    assert not data.exists()

    assert project.json("start", "postgres", "--empty-volumes")["failed"] == []
    assert project.sql("SELECT 1") == "1"


@pytest.mark.parametrize(
    "command", [("reset", "--yes"), ("stop", "--volumes", "--yes"), ("clean", "--volumes", "--yes")]
)
def test_destroying_data_is_refused_in_production(project: Project, command: tuple[str, ...]) -> None:
    refused = project.nself("--env", "prod", *command, check=False)

    assert refused.returncode == 7
    assert "no option opens it" in refused.stderr


def test_clean_takes_old_logs_and_leaves_the_running_stack_and_its_data(project: Project) -> None:
    project.nself("start", "postgres")
    logs = project.root / ".nself" / "logs"
    (logs / "postgres.log.1").write_text("old\n" * 1000)
    (logs / "gone-service.log").write_text("old\n")

    cleaned = project.json("clean")

    assert cleaned["removed"]["files"] == 2
    assert cleaned["reclaimed_bytes"] == 4004
    project.becomes(postgres="healthy")
    assert project.json("clean")["removed"]["files"] == 0
    project.nself("clean", "--all")
    assert project.nself("status", check=False).returncode == 4
    project.nself("start", "postgres")


def test_every_change_is_in_the_history(project: Project) -> None:
    project.nself("start", "postgres")
    project.nself("start", "grafql", check=False)
    project.nself("stop")

    lines = [json.loads(line) for line in (project.root / ".nself/history/all.jsonl").read_text().splitlines()]

    assert [(line["type"], line["status"], line["exit_code"]) for line in lines] == [
        ("start", "success", 0),
        ("stop", "success", 0),
    ]
    assert {"timestamp", "description", "env", "user", "details", "id", "duration_ms", "host", "version"} <= set(
        lines[0]
    )


def test_no_secret_is_in_any_command_line_log_or_world_readable_file(running: Project) -> None:
    secrets = (PASSWORD, SECRET)

    own = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(running.root).encode() in reading(path)]
    assert own
    for path in own:
        assert not any(secret.encode() in reading(path) for secret in secrets)
    for path in (running.root / ".nself").rglob("*"):
        if path.is_file() and path.stat().st_mode & 0o004:
            assert not any(secret.encode() in path.read_bytes() for secret in secrets), path


def reading(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become an ordinary user")
def test_an_ordinary_user_runs_the_stack_as_themselves(new_project: NewProject) -> None:
    project = new_project()
    subprocess.run(["chown", "-R", "nobody:nogroup", str(project.root)], check=True)
    project.prefix = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--bounding-set=-all")
    caps = "--inh-caps=-all,+dac_read_search"  # only so that the interpreter is found where the tests keep it
    project.prefix = (*project.prefix[:-1], caps, "--ambient-caps=-all,+dac_read_search", "--")

    project.nself("start")

    nobody = Path("/proc/1").stat().st_uid + 65534
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in project.pids().values()} == {nobody}
    assert project.sql("SELECT 1") == "1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
def test_root_drops_its_privileges_to_the_owner_of_the_project(new_project: NewProject) -> None:
    project = new_project()
    subprocess.run(["chown", "-R", "nobody:nogroup", str(project.root)], check=True)

    project.nself("start")

    for pid in project.pids().values():
        status = Path(f"/proc/{pid}/status").read_text()
        assert "Uid:\t65534\t65534\t65534\t65534" in status
        bounding = int(status.split("CapBnd:\t")[1].split("\n")[0], 16)
        assert bounding & ~(1 << 10 | 1 << 2) == 0
