"""Functions are written where nothing of the user's is, and what goes leaves a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions import project as projects
from nself.actions.config.change import Target
from nself.actions.functions import listing, scaffold, schedule
from nself.actions.functions.scaffold import Kind, Wish
from nself.errors import UsageError
from nself.events import Event, ignore
from nself.host import LocalHost
from tests.actions.places import written


@pytest.fixture
def target(tmp_path: Path) -> Target:
    written(tmp_path)
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "version.yaml").write_text("version: 3\n")
    return Target(directory=tmp_path, environ={}, host=LocalHost())


def names(target: Target) -> list[str]:
    project = projects.load(target.directory, {})
    return [each.name for each in listing.functions(project, ignore).functions]


@pytest.mark.parametrize("typescript", [False, True])
@pytest.mark.parametrize("kind", Kind)
def test_every_template_answers_at_its_name(target: Target, kind: Kind, typescript: bool) -> None:
    made = scaffold.create(target, Wish(name="users/active", kind=kind, typescript=typescript))
    assert made.files[0] == f"functions/users/active{'.ts' if typescript else '.py'}"
    text = (target.root / made.files[0]).read_text()
    assert "/users/active" in text
    assert "__" not in text.replace("__schema", "").replace("__init__", "")
    assert names(target) == ["users/active"]


def test_a_function_that_others_call_gets_its_secret_once(target: Target) -> None:
    assert scaffold.create(target, Wish(name="a", kind=Kind.WEBHOOK)).generated == ("NHOST_WEBHOOK_SECRET",)
    assert scaffold.create(target, Wish(name="b", kind=Kind.SCHEDULED)).generated == ()


@pytest.mark.parametrize("name", ["hello", "/hello/", "hello/index"])
def test_what_is_there_is_never_written_over(target: Target, name: str) -> None:
    scaffold.create(target, Wish(name="hello"))
    before = (target.root / "functions" / "hello.py").read_bytes()
    if name.endswith("index"):
        (target.root / "functions" / "hello.py").rename(target.root / "functions" / "kept.py")
        (target.root / "functions" / "hello").mkdir()
        (target.root / "functions" / "hello" / "index.py").write_bytes(before)
    with pytest.raises(UsageError, match=r"/hello.* is answered by"):
        scaffold.create(target, Wish(name=name, typescript=True))


@pytest.mark.parametrize("name", ["", "../a", "a/../b", "_private", "a b", ".env", "healthz", "a" * 200, "a\n", "ä"])
def test_a_name_that_is_no_route_is_refused(target: Target, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a function's name"):
        scaffold.create(target, Wish(name=name))
    assert not (target.root / "functions").exists()


def test_a_schedule_is_added_below_what_is_there(target: Target) -> None:
    file = target.root / "metadata" / "cron_triggers.yaml"
    file.write_text(
        "# ours\n  - name: other\n    webhook: http://elsewhere/x\n    schedule: 0 0 * * *\n"
        "    include_in_metadata: true\n"
    )
    made = scaffold.create(target, Wish(name="night/ly", kind=Kind.SCHEDULED, cron="0 3 * * *"))
    assert made.files == ("functions/night/ly.py", "metadata/cron_triggers.yaml")
    assert file.read_text().startswith("# ours\n  - name: other\n")
    project = projects.load(target.directory, {})
    assert schedule.schedules(project) == {"night/ly": "0 3 * * *"}
    assert [each.schedule for each in listing.functions(project, ignore).functions] == ["0 3 * * *"]


@pytest.mark.parametrize("before", [None, "# nothing yet\n[]\n", "- name: [broken\n"])
def test_a_schedule_that_does_not_load_leaves_no_trace(target: Target, before: str | None) -> None:
    file = target.root / "metadata" / "cron_triggers.yaml"
    if before is not None:
        file.write_text(before)
    with pytest.raises(UsageError, match="the schedule would not load"):
        scaffold.create(target, Wish(name="nightly", kind=Kind.SCHEDULED, cron="every night"))
    assert (file.read_text() if file.exists() else None) == before
    assert names(target) == []


def test_an_empty_list_of_triggers_becomes_a_list_of_one(target: Target) -> None:
    file = target.root / "metadata" / "cron_triggers.yaml"
    file.write_text("# ours\n[]\n")
    scaffold.create(target, Wish(name="nightly", kind=Kind.SCHEDULED))
    assert file.read_text().startswith("# ours\n- name: nightly\n")


def test_a_schedule_needs_a_metadata_directory(tmp_path: Path) -> None:
    written(tmp_path)
    target = Target(directory=tmp_path, environ={}, host=LocalHost())
    with pytest.raises(UsageError, match="no metadata directory"):
        scaffold.create(target, Wish(name="nightly", kind=Kind.SCHEDULED))
    assert names(target) == []


def test_metadata_that_cannot_be_read_hides_schedules_and_not_functions(target: Target) -> None:
    scaffold.create(target, Wish(name="nightly", kind=Kind.SCHEDULED))
    (target.root / "metadata" / "cron_triggers.yaml").write_text("- name: [broken\n")
    said: list[Event] = []
    found = listing.functions(projects.load(target.directory, {}), said.append).functions
    assert [(each.name, each.schedule) for each in found] == [("nightly", None)]
    assert "schedules are not known" in str(said)


def test_what_is_deleted_is_kept_and_its_caller_named(target: Target) -> None:
    scaffold.create(target, Wish(name="nightly", kind=Kind.SCHEDULED))
    text = (target.root / "functions" / "nightly.py").read_text()
    done = scaffold.delete(target, "/nightly")
    assert (target.root / done.backup).read_text() == text
    assert done.still_called_by == "nightly"
    assert names(target) == []


def test_init_writes_a_first_function_and_nothing_where_there_is_one(target: Target) -> None:
    first = scaffold.init(target, typescript=True).created
    assert first is not None
    assert first.files == ("functions/hello.ts",)
    assert scaffold.init(target).created is None


def test_a_misspelt_name_is_answered_with_the_nearest(target: Target) -> None:
    scaffold.create(target, Wish(name="greet"))
    with pytest.raises(UsageError) as raised:
        listing.find(projects.load(target.directory, {}), "gret")
    assert raised.value.fixes[0] == "did you mean greet?"
