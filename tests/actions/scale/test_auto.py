"""`scale auto` writes between what a service is scaled, and takes it out again."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.config.change import Target
from nself.actions.scale import auto
from nself.actions.scale.auto import Limits
from nself.errors import ConfigProblemsError, NselfError, UsageError
from nself.host import LocalHost
from nself.model.project import Autoscale
from tests.actions.places import written

DOCUMENT = """\
services:
  web:       # the page
    command: python3 server.py
    depends_on: []
"""


@pytest.fixture
def target(tmp_path: Path) -> Target:
    written(tmp_path)
    (tmp_path / "nself.yml").write_text(DOCUMENT)
    return Target(directory=tmp_path, environ={}, host=LocalHost())


def text(target: Target) -> str:
    return (target.directory / "nself.yml").read_text()


def test_a_rule_is_written_changed_and_taken_out_beside_everything_else(target: Target) -> None:
    made = auto.enable(target, "web", Limits(max=4))
    assert (made.autoscale, made.changed, made.files) == (
        Autoscale(min=2, max=4, cpu_threshold=70),
        True,
        ("nself.yml",),
    )
    assert text(target).startswith(DOCUMENT)
    assert not auto.enable(target, "web", Limits()).changed
    assert auto.enable(target, "web", Limits(cpu_threshold=50)).autoscale == Autoscale(min=2, max=4, cpu_threshold=50)
    assert target.inspect().checked().autoscale == {"web": Autoscale(min=2, max=4, cpu_threshold=50)}
    assert auto.disable(target, "web").changed
    assert text(target).startswith(DOCUMENT)
    assert target.inspect().checked().autoscale == {}
    assert not auto.disable(target, "web").changed


@pytest.mark.parametrize(
    ("service", "limits", "message"),
    [
        ("web", Limits(min=4, max=3), "--min 4 is more than --max 3"),
        ("wep", Limits(), "there is no service 'wep'"),
        ("postgres", Limits(), "postgres can only run once"),
        ("graphql", Limits(), "shares one process"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    target: Target, service: str, limits: Limits, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        auto.enable(target, service, limits)
    assert text(target) == DOCUMENT
    if service == "wep":
        with pytest.raises(UsageError, match=message):
            auto.disable(target, service)


def test_a_rule_that_is_written_in_one_line_is_left_to_its_author(target: Target) -> None:
    (target.directory / "nself.yml").write_text(DOCUMENT + "autoscale: {web: {max: 3}}\n")
    with pytest.raises(NselfError, match="cannot be taken out"):
        auto.disable(target, "web")


def test_a_broken_file_is_told_as_it_is(target: Target) -> None:
    (target.directory / "nself.yml").write_text(DOCUMENT + "autoscale:\n  web:\n    max: many\n")
    with pytest.raises(ConfigProblemsError, match=r"autoscale\.web\.max"):
        auto.enable(target, "web", Limits(max=3))
