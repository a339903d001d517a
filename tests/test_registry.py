"""A folder of like parts, and those that installed packages add."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nself import registry, services
from nself.model.service import Service


def plugin(folder: Path, target: str, group: str = "nself.services") -> None:
    """An installed package with one entry point."""
    info = folder / "shiny-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shiny\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\nshiny = {target}\n")


def test_every_file_with_the_attribute_is_a_part() -> None:
    assert {"postgres", "graphql", "nginx"} <= set(registry.load(services, "SERVICE", Service))


def test_modules_without_the_attribute_are_none() -> None:
    assert "catalogue" not in registry.load(services, "SERVICE", Service)


def test_an_installed_package_adds_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin(tmp_path, "nself.services.mail:SERVICE")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert registry.load(services, "SERVICE", Service)["shiny"].name == "mail"


def test_a_part_of_the_wrong_kind_names_the_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin(tmp_path, "nself.services.mail:NAME")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    with pytest.raises(TypeError, match=r"nself\.services\.mail:NAME is not a Service"):
        registry.load(services, "SERVICE", Service)


def test_other_groups_are_none_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin(tmp_path, "nowhere:NOTHING", group="nself.servicesque")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert "shiny" not in registry.load(services, "SERVICE", Service)
