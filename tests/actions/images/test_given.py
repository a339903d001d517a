from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.images import given
from nself.events import Event, Warned
from nself.host import LocalHost
from nself.model.spec import Category, ServiceSpec


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service's, with a little in it and much beside that."""
    made = tmp_path / "web"
    (made / "node_modules" / "deep").mkdir(parents=True)
    (made / "main.js").write_text("x" * 10)
    with (made / "node_modules" / "deep" / "blob").open("wb") as file:
        file.truncate(given.LARGE + 1)  # a hole
    return made


def said(folder: Path) -> list[str]:
    events: list[Event] = []
    spec = ServiceSpec(name="web", category=Category.CUSTOM, build=folder)
    given.warn({"web": spec}, ["server", "web"], LocalHost(), events.append)
    return [event.text for event in events if isinstance(event, Warned)]


def test_a_large_folder_is_named_with_what_is_large_in_it(folder: Path) -> None:
    (warning,) = said(folder)
    assert warning.startswith("the image of web is built from 500 MB, 500 MB of them in node_modules:")


def test_what_is_kept_out_counts_nothing_and_is_not_looked_into(folder: Path) -> None:
    (folder / ".dockerignore").write_text("node_modules\n")
    assert said(folder) == []
    assert set(given.given(folder, LocalHost()).parts) == {"main.js", ".dockerignore"}


def test_what_a_later_rule_brings_back_counts(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*\n!node_modules/deep\n")
    assert set(given.given(folder, LocalHost()).parts) == {"node_modules"}


def test_a_link_that_leads_out_is_named_and_one_inside_is_not(folder: Path, tmp_path: Path) -> None:
    (folder / ".dockerignore").write_text("node_modules\nignored\n")
    (tmp_path / "shared").mkdir()
    for name, target in (("lib", "../shared"), ("ignored", "../shared"), ("inside", "main.js"), ("gone", "/no/where")):
        (folder / name).symlink_to(target)
    (warning,) = said(folder)
    assert warning == (
        f"the image of web gets gone, lib as a link, without what it leads to: that is outside of {folder}"
    )


def test_a_folder_that_links_to_itself_comes_to_an_end(folder: Path) -> None:
    (folder / "again").symlink_to(".")
    assert given.given(folder, LocalHost()).outside == []
