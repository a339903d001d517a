"""`nself db metadata …` on a running project: files and service compared, and one made the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Project
from tests.e2e.demo import initialised

pytestmark = pytest.mark.e2e
HIKES = "metadata/databases/default/tables/public_hikes.yaml"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = initialised(tmp_path_factory.mktemp("metadata") / "p", "--demo", "--name", "metadata")
    project.json("start", "postgres", "graphql", "auth", "storage")
    yield project
    project.nself("stop", check=False)


@pytest.fixture(autouse=True)
def as_it_was(demo: Project) -> Iterator[None]:
    file = demo.root / HIKES
    before = file.read_text()
    yield
    file.write_text(before)
    (demo.root / "db/permissions.yml").unlink(missing_ok=True)


def tracked(demo: Project) -> set[str]:
    demo.nself("db", "metadata", "export", "--dir", "seen")
    return {file.stem for file in (demo.root / "seen/databases/default/tables").glob("*_*.yaml")}


def test_after_a_start_files_and_service_agree(demo: Project) -> None:
    assert demo.json("db", "metadata", "diff")["differences"] == []
    assert demo.json("db", "metadata", "validate")["findings"] == []


def test_a_changed_file_shows_in_diff_and_is_applied(demo: Project) -> None:
    file = demo.root / HIKES
    file.write_text("# who sees what\n" + file.read_text().replace("allow_aggregations: true", "limit: 7"))
    (change,) = demo.json("db", "metadata", "diff")["differences"]
    assert {"+    limit: 7", "-    allow_aggregations: true"} <= set(change["text"].splitlines())
    assert demo.nself("db", "metadata", "diff", "--exit-code", check=False).returncode == 1
    before = tracked(demo)
    assert demo.json("db", "metadata", "apply")["changed"] is True
    assert demo.json("db", "metadata", "diff")["differences"] == []
    assert tracked(demo) == before, "the tables of auth and storage stay"
    assert demo.json("db", "metadata", "apply")["changed"] is False


def test_what_cannot_be_served_is_refused_with_its_line_and_nothing_changes(demo: Project) -> None:
    file = demo.root / HIKES
    file.write_text(file.read_text().replace("walked_on", "walked_off") + "tabel: x\n")
    refused = demo.json("db", "metadata", "apply", check=False)
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if text == "select_permissions:")
    assert f"public_hikes.yaml:{line + 1}: select_permission user in table hikes" in refused["error"]["message"]
    ran = demo.nself("db", "metadata", "validate", check=False)
    assert ran.returncode == 3
    assert "did you mean table?" in ran.stdout
    left_out = demo.json("db", "metadata", "apply", "--allow-inconsistent")
    assert sum(finding["serious"] for finding in left_out["findings"]) == 3
    reloaded = demo.json("db", "metadata", "reload")
    assert len(reloaded["findings"]) == 3
    assert checked(demo)["metadata"] == ("warn", "objects of the metadata that cannot be served and are left out: 3")


def checked(demo: Project) -> dict[str, tuple[str, str]]:
    report = demo.json("doctor", "--check", "graphql", check=False)
    return {check["id"]: (check["status"], check["message"]) for check in report["checks"]}


def test_the_doctor_tells_of_events_that_were_given_up(demo: Project) -> None:
    demo.nself("db", "metadata", "apply")
    assert checked(demo) == {
        "metadata": ("pass", "everything in the metadata is served"),
        "events": ("pass", "no event was given up"),
    }
    trigger = {"name": "lost", "table": "hikes", "webhook": "http://127.0.0.1:1", "insert": {"columns": "*"}}
    ask(demo, "/v1/metadata", "pg_create_event_trigger", trigger)
    columns = "hdb_catalog.event_log (schema_name, table_name, trigger_name, payload, error, delivered)"
    rows = "('public', 'hikes', 'lost', '{}', true, false), ('public', 'hikes', 'lost', '{}', false, true)"
    ask(demo, "/v2/query", "run_sql", {"sql": f"INSERT INTO {columns} VALUES {rows}"})
    told = checked(demo)["events"]
    ask(demo, "/v1/metadata", "pg_delete_event_trigger", {"name": "lost"})
    ask(demo, "/v2/query", "run_sql", {"sql": "DELETE FROM hdb_catalog.event_log"})
    assert told == ("warn", "events that no webhook took, given up after the last retry: 1")


def ask(demo: Project, path: str, name: str, arguments: dict[str, Any]) -> None:
    secret = demo.json("config", "get", "HASURA_GRAPHQL_ADMIN_SECRET", "--reveal")["value"]
    url = f"http://127.0.0.1:{demo.status()['graphql']['ports'][0]['port']}{path}"
    body = {"type": name, "args": arguments}
    answer = httpx.post(url, json=body, headers={"X-Hasura-Admin-Secret": secret}, trust_env=False)
    assert answer.status_code == 200, answer.text


def test_export_touches_only_what_says_something_else(demo: Project) -> None:
    demo.nself("db", "metadata", "apply")
    demo.nself("db", "metadata", "export")
    file = demo.root / HIKES
    file.write_text("# mine\n" + file.read_text())
    stale = file.with_name("public_gone.yaml")
    stale.write_text("table: gone\n")
    (demo.root / "metadata/README.md").write_text("ours")
    done = demo.json("db", "metadata", "export")
    assert (done["written"], done["removed"]) == ([], ["databases/default/tables/public_gone.yaml"])
    assert file.read_text().startswith("# mine")
    assert not stale.exists()
    assert (demo.root / "metadata/README.md").read_text() == "ours"


def test_without_a_database_only_the_files_are_checked_and_that_is_said(tmp_path: Path) -> None:
    project = initialised(tmp_path / "p", "--demo", "--name", "unstarted")
    found = project.json("db", "metadata", "validate")
    assert (found["against_database"], found["findings"]) == (False, [])
    assert "only the files themselves were checked" in project.nself("db", "metadata", "validate").stdout
    refused = project.json("db", "metadata", "apply", check=False)["error"]
    assert refused["fixes"][0] == "nself start"


def test_permissions_are_tried_and_what_is_meant_is_written_down(demo: Project) -> None:
    assert demo.json("db", "permissions", "test")["blocking"] is False
    file = demo.root / HIKES
    own = "      filter:\n        user_id: { _eq: X-Hasura-User-Id }\n      allow_aggregations"
    assert own in file.read_text()
    file.write_text(file.read_text().replace(own, "      filter: {}\n      allow_aggregations"))
    ran = demo.nself("db", "permissions", "test", check=False)
    assert ran.returncode == 1
    assert "another person's among them" in ran.stdout
    assert demo.json("db", "permissions", "test", "--running")["blocking"] is False, "what runs is sound still"
    assert demo.json("db", "permissions", "test", "--accept")["blocking"] is False
    assert "{role: user, table: hikes, verb: select}" in (demo.root / "db/permissions.yml").read_text()
    shown = demo.nself("db", "permissions", "matrix").stdout
    assert "S i u d" in shown


@pytest.mark.parametrize(
    "text",
    ["accepted: 3", "accepted: [x]", "accepted: [{role: a}]", "{", "accepted: [{role: a, table: b, verb: c, x: d}]"],
)
def test_a_list_of_what_is_meant_that_cannot_be_read_is_refused(demo: Project, text: str) -> None:
    (demo.root / "db/permissions.yml").write_text(text)
    ran = demo.nself("db", "permissions", "test", check=False)
    assert ran.returncode == 3
    assert "db/permissions.yml" in ran.stderr
