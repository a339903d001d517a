"""What a project sets, as settings classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nself import settings
from nself.model.project import Environment, Project, Value
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    port: int = settings.env("INBOX_PORT", default=1025)
    tags: tuple[str, ...] = settings.env("INBOX_TAGS", default=())


PROJECT = Project(root=Path("/shop"), name="shop", env=Environment.DEV, base_domain="shop.localhost")


def test_settings_are_made_once_however_often_they_are_asked_for() -> None:
    assert PROJECT.settings(Inbox) is PROJECT.settings(Inbox)
    assert PROJECT.settings(Inbox, port=7) is PROJECT.settings(Inbox, port=7)


def test_what_is_computed_and_what_is_set_make_others() -> None:
    changed = replace(PROJECT, values={"INBOX_PORT": Value(key="INBOX_PORT", text="99", layer=".env")})
    found = [PROJECT.settings(Inbox), PROJECT.settings(Inbox, port=7), changed.settings(Inbox, port=7)]
    assert [each.port for each in found] == [1025, 7, 99]


def test_something_computed_may_be_a_list() -> None:
    asked = PROJECT.settings(Inbox, tags=["a"])
    assert asked.tags == ["a"] and asked is not PROJECT.settings(Inbox, tags=["a"])
