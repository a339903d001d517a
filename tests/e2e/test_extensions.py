"""Extensions as a project asks for them: found, loaded with what they need, and working."""

from __future__ import annotations

import pytest

from nself.errors import NselfError
from nself.host import LocalHost
from nself.runtimes.native import binaries
from tests.e2e.conftest import Project, wait_until

pytestmark = pytest.mark.e2e


def major_with(*extensions: str) -> str:
    """A major version of this machine's whose programs have them all; skips the test when there is none."""
    for major in range(18, 13, -1):
        try:
            return str(binaries.postgres(LocalHost(), major=major, extensions=extensions).major)
        except NselfError:
            continue
    pytest.skip(f"no PostgreSQL with {', '.join(extensions)} on this machine")


def test_a_library_is_loaded_with_its_settings_and_places_are_found(project: Project) -> None:
    major = major_with("pg_cron", "postgis", "pg_stat_statements")
    project.write(HASURA_ENABLED="false", POSTGRES_VERSION=major, POSTGRES_EXTENSIONS="citext,cron,postgis")
    project.nself("start")
    assert project.sql("SHOW shared_preload_libraries") == "pg_cron"
    assert project.sql("SELECT round(ST_Distance('POINT(0 0)', 'POINT(3 4)'))") == "5"
    project.sql("SELECT cron.schedule('nightly', '0 3 * * *', 'VACUUM')")
    workers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_cron launcher'"
    wait_until(lambda: project.sql(workers) == "1")

    pid = project.pid("postgres")
    project.write(POSTGRES_EXTENSIONS="citext,cron,postgis,pg_stat_statements")
    project.nself("start")
    assert project.pid("postgres") != pid
    assert project.sql("SELECT count(*) > 0 FROM pg_stat_statements") == "t"
    assert project.sql("SELECT count(*) FROM cron.job") == "1"


def test_what_is_not_on_this_machine_is_named_with_its_package_before_anything_starts(project: Project) -> None:
    project.write(POSTGRES_EXTENSIONS="citext,pg_hint_plan,pgvectr")
    refused = project.nself("start", check=False)
    assert refused.returncode == 3
    assert "asks for pg_hint_plan, pgvectr, which PostgreSQL" in refused.stderr
    assert "install postgresql-17-pg-hint-plan for pg_hint_plan" in refused.stderr
    assert "did you mean pgvector?" in refused.stderr
    assert not (project.root / ".nself" / "data").exists()
