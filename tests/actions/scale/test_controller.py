"""The controller's rounds: what it needs, what it keeps, and what does not end it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from nself.actions.config.change import Target
from nself.actions.scale.controller import FILE, LOCK, Controller
from nself.actions.start import StartSettings
from nself.errors import TimedOutError, UsageError
from nself.events import Warned
from nself.host import LocalHost
from tests.actions.places import written

SERVICE = "services:\n  web:\n    command: python3 server.py\n    depends_on: []\n"
RULE = "autoscale:\n  web:\n    min: 1\n    max: 3\n"


class Place:
    """A project that does not run, and a controller of it."""

    def __init__(self, root: Path) -> None:
        written(root)
        self.root, self.told = root, list[object]()
        self.write(SERVICE + RULE)
        target = Target(directory=root, environ={}, host=LocalHost(), backup=False)
        self.controller = Controller(target=target, settings=StartSettings(), emit=self.told.append, every_s=0.01)

    def write(self, text: str) -> None:
        (self.root / "nself.yml").write_text(text)

    @property
    def kept(self) -> Path:
        return self.root / ".nself" / "run" / FILE


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_without_a_rule_there_is_nothing_to_watch(place: Place) -> None:
    place.write(SERVICE)
    with pytest.raises(UsageError, match="no service of this project is scaled by load"):
        place.controller.once()


def test_of_a_service_that_does_not_run_nothing_is_known_and_nothing_done(place: Place) -> None:
    (decided,) = place.controller.once().services
    assert (decided.before, decided.after, decided.cpu_percent, decided.changed) == (1, 1, None, False)
    assert decided.why == "what it uses is not known"


def test_one_that_does_not_run_is_brought_within_its_bounds_on_paper(place: Place) -> None:
    place.write(SERVICE + RULE.replace("min: 1", "min: 2"))
    (decided,) = place.controller.once().services
    assert (decided.before, decided.after, decided.changed, decided.failed) == (1, 2, False, ())
    assert "replicas: 2" in (place.root / "nself.yml").read_text()
    assert json.loads(place.kept.read_text())["web"]["changed_at"] > 0
    assert not (place.root / ".nself" / "backups").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"web": 3}', '{"web": {"changed_at": "x", "asked": []}}'])
def test_a_memory_that_makes_no_sense_is_begun_anew(place: Place, text: str) -> None:
    place.kept.parent.mkdir(parents=True, exist_ok=True)
    place.kept.write_text(text)
    place.controller.once()
    assert json.loads(place.kept.read_text()) == {"web": {"changed_at": 0.0, "asked": []}}


def test_two_at_once_would_undo_each_other(place: Place) -> None:
    with (
        LocalHost().lock(place.kept.parent / LOCK, wait_s=0, holder="nself scale auto run"),
        pytest.raises(TimedOutError, match="nself scale auto run"),
    ):
        place.controller.once()


def test_a_file_that_is_half_edited_does_not_end_it(place: Place) -> None:
    turns = itertools.count(1)

    def stopping() -> bool:
        turn = next(turns)
        place.write(SERVICE + (RULE if turn != 2 else "autoscale:\n  web:\n    min: lots\n"))
        return turn > 3

    assert len(list(place.controller.rounds(stopping))) == 2
    (warning,) = (event for event in place.told if isinstance(event, Warned))
    assert "autoscale.web.min" in warning.text
