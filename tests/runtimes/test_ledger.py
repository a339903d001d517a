from __future__ import annotations

from pathlib import Path

import pytest

from nself.host import LocalHost
from nself.model.layout import Layout
from nself.model.spec import Category, Runtime, ServiceSpec, Volume
from nself.runtimes.ledger import Ledger, volumes_of


def ledger(root: Path, runtime: Runtime = Runtime.NATIVE, owner: str = "") -> Ledger:
    return Ledger(layout=Layout(root), host=LocalHost(), runtime=runtime, owner=owner)


def test_what_had_data_is_remembered_until_its_loss_is_asked_for(tmp_path: Path) -> None:
    ledger(tmp_path).remember(["postgres"])
    ledger(tmp_path).remember(["redis"])
    assert sorted(ledger(tmp_path).seen()) == ["postgres", "redis"]
    ledger(tmp_path).forget(["redis"])
    assert list(ledger(tmp_path).seen()) == ["postgres"]
    ledger(tmp_path).forget()
    assert ledger(tmp_path).seen() == {}


def test_each_runtime_has_data_of_its_own(tmp_path: Path) -> None:
    ledger(tmp_path).remember(["postgres"])
    ledger(tmp_path, Runtime.COMPOSE, "1").remember(["redis"])
    assert list(ledger(tmp_path).seen()) == ["postgres"]
    assert list(ledger(tmp_path, Runtime.COMPOSE, "1").seen()) == ["redis"]


def test_what_a_copied_folder_brings_along_was_never_there(tmp_path: Path) -> None:
    ledger(tmp_path, Runtime.COMPOSE, "1").remember(["postgres"])
    copy = ledger(tmp_path, Runtime.COMPOSE, "2")
    assert copy.seen() == {}
    copy.remember(["redis"])
    assert list(copy.seen()) == ["redis"]


@pytest.mark.parametrize("text", ["", "[]", '{"native": 1}', '{"native": {"owner": "", "volumes": {"a": "soon"}}}'])
def test_a_broken_file_remembers_nothing_and_is_written_anew(tmp_path: Path, text: str) -> None:
    file = Layout(tmp_path).volumes
    file.parent.mkdir()
    file.write_text(text)
    assert ledger(tmp_path).seen() == {}
    ledger(tmp_path).remember(["postgres"])
    assert list(ledger(tmp_path).seen()) == ["postgres"]


def test_a_cache_is_nothing_to_miss() -> None:
    volumes = (Volume(name="kept", target="/kept"), Volume(name="cache", target="/cache", cache=True))
    specs = [ServiceSpec(name=name, category=Category.OPTIONAL, volumes=volumes) for name in ("one", "two")]
    assert volumes_of(specs, ["two"]) == ["kept"]
    assert volumes_of(specs, ["three"]) == []
