"""A project's number: made once, moved with its folder, never shared by two folders."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nself.errors import ConfigError
from nself.events import Event, Note, ignore
from nself.host import LocalHost
from nself.model.layout import Layout
from nself.runtimes.compose import ownership

HOST = LocalHost()


@pytest.fixture
def shop(tmp_path: Path) -> Layout:
    """A project's folder with its number."""
    layout = Layout(tmp_path / "shop")
    ownership.establish(layout, HOST, ignore)
    return layout


def number(layout: Layout) -> str:
    found = ownership.known(layout, HOST)
    assert found is not None
    return found.id


def test_a_folder_has_none_until_something_is_built_there(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert ownership.known(layout, HOST) is None
    assert not layout.state.exists()
    with pytest.raises(ConfigError, match="not built in this folder"):
        ownership.required(None)


def test_once_made_it_stays_and_only_its_owner_can_read_the_key(shop: Layout) -> None:
    file = ownership.path(shop.root)
    before = file.read_text()
    again = ownership.establish(shop, HOST, ignore)
    assert (again.id, file.read_text()) == (number(shop), before)
    assert file.stat().st_mode & 0o777 == 0o600
    assert again.key in before and again.key not in repr(again)


def test_two_that_ask_at_once_get_the_same(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "busy")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: ownership.establish(layout, LocalHost(), ignore), range(8)))
    assert {each.id for each in found} == {number(layout)}


def test_a_folder_that_was_moved_keeps_its_number(shop: Layout) -> None:
    before, moved = number(shop), Layout(shop.root.with_name("elsewhere"))
    shop.root.rename(moved.root)
    assert number(moved) == before
    assert ownership.establish(moved, HOST, ignore).root == str(moved.root)
    # Whatever is at the old place later is not where it came from any more.
    ownership.establish(shop, HOST, ignore)
    assert number(moved) == before != number(shop)


def test_a_copy_of_a_folder_gets_a_number_and_a_key_of_its_own_and_is_told_so(shop: Layout) -> None:
    copy = Layout(shop.root.with_name("copy"))
    shutil.copytree(shop.root, copy.root)
    assert ownership.known(copy, HOST) is None
    events: list[Event] = []
    made = ownership.establish(copy, HOST, events.append)
    assert [event.text for event in events if isinstance(event, Note)] == [
        f"this folder is a copy of {shop.root}: from here on it is a project with data of its own"
    ]
    original = ownership.known(shop, HOST)
    assert original and (made.id, made.key) != (original.id, original.key)
    assert number(copy) == made.id


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"id": 7}', '{"id": "", "root": "/", "key": "k"}', "\x00"])
def test_a_damaged_file_is_nobodys(shop: Layout, text: str) -> None:
    file = ownership.path(shop.root)
    file.write_text(text)
    assert ownership.known(shop, HOST) is None
    assert ownership.establish(shop, HOST, ignore).id == json.loads(file.read_text())["id"]


def test_what_was_taken_over_is_owned_by_name_and_label_together(shop: Layout) -> None:
    mine = ownership.Identity(id="a1", root="/", key="k", adopted={"shop_files_data": "b2", "shop_db_data": ""})
    ownership.save(mine, shop, HOST)
    assert mine.owns("anything", "a1")
    assert mine.owns("shop_files_data", "b2") and mine.owns("shop_db_data", "")
    assert not mine.owns("shop_files_data", "c3") and not mine.owns("shop_cache_data", "")
