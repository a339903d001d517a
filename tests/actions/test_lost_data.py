from __future__ import annotations

import shutil

import pytest

from nself.actions import lost_data
from nself.actions.lost_data import DataGoneError
from nself.actions.stack import Stack
from nself.events import Event, Warned, ignore
from nself.runtimes.plan import Step
from tests.actions.test_stack import opened as opened

STEPS = [Step("start", "postgres", "not running"), Step("start", "web", "not running")]


@pytest.fixture
def ran(opened: Stack) -> Stack:
    """A stack that ran with data in its only volume."""
    folder = opened.project.layout.data("postgres")
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("17\n")
    lost_data.remember(opened, ["postgres", "web"], ignore)
    return opened


def test_a_first_start_and_one_with_all_its_data_are_not_hindered(opened: Stack, ran: Stack) -> None:
    lost_data.refuse(opened, STEPS)
    lost_data.refuse(ran, STEPS)


def test_data_that_was_deleted_is_missed_with_the_ways_out(ran: Stack) -> None:
    folder = ran.project.layout.data("postgres")
    shutil.rmtree(folder)
    with pytest.raises(DataGoneError) as refused:
        lost_data.refuse(ran, STEPS)
    assert f"postgres ({folder} had data on 20" in refused.value.message
    assert refused.value.fixes[1:] == (
        "put it back from a backup",
        "nself start --empty-volumes, if it is not wanted any more",
    )


def test_the_empty_folder_in_the_place_of_a_disk_that_is_not_mounted_is_no_data(ran: Stack) -> None:
    (ran.project.layout.data("postgres") / "PG_VERSION").unlink()
    with pytest.raises(DataGoneError) as refused:
        lost_data.refuse(ran, STEPS)
    assert refused.value.fixes[0] == "if it is on a disk that is not mounted, mount it, then: nself start"


def test_the_newest_backup_of_a_reset_is_named(ran: Stack) -> None:
    shutil.rmtree(ran.project.layout.data("postgres"))
    backups = ran.project.layout.backups
    backups.mkdir()
    for name in ("shop_20260102_000000.tar.gz", "shop_20260101_000000.tar.gz", "other_20270101_000000.tar.gz"):
        (backups / name).touch()
    with pytest.raises(DataGoneError) as refused:
        lost_data.refuse(ran, STEPS)
    assert refused.value.fixes[1].startswith("tar -xzf _backup/shop_20260102_000000.tar.gz .nself/data")


def test_who_does_not_start_the_service_may_go_on(ran: Stack) -> None:
    shutil.rmtree(ran.project.layout.data("postgres"))
    lost_data.refuse(ran, [Step("start", "web", "not running"), Step("stop", "postgres", "not wanted any more")])


def test_beginning_empty_is_said_and_then_nothing_is_missed(ran: Stack) -> None:
    shutil.rmtree(ran.project.layout.data("postgres"))
    said: list[Event] = []
    assert lost_data.accept(ran, said.append) == ["postgres"]
    assert [type(event) for event in said] == [Warned]
    lost_data.refuse(ran, STEPS)
    assert lost_data.accept(ran, said.append) == []


def test_what_was_removed_by_a_command_is_not_missed(ran: Stack) -> None:
    assert ran.runtime.remove_volumes() == 1
    lost_data.refuse(ran, STEPS)


def test_that_nothing_can_be_written_down_does_not_end_a_start(ran: Stack) -> None:
    ran.project.layout.volumes.unlink()
    ran.project.layout.volumes.mkdir()
    said: list[Event] = []
    lost_data.remember(ran, ["postgres"], said.append)
    assert [type(event) for event in said] == [Warned]
