"""What containers were told to take up, and what of them may differ while they run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nself.model.spec import Category, ServiceSpec
from nself.runtimes.compose import fingerprints, reload
from nself.runtimes.compose.reload import _replaced

OLD = {"7": "nginx: worker process", "8": "nginx: worker process"}
LEAVING = "nginx: worker process is shutting down"


@pytest.mark.parametrize(
    ("now", "replaced"),
    [
        (OLD, False),
        ({**OLD, "9": "nginx: worker process"}, False),
        ({"7": LEAVING, "8": LEAVING}, False),
        ({"7": LEAVING, "8": "nginx: worker process", "9": "nginx: worker process"}, False),
        ({"7": LEAVING, "9": "nginx: worker process"}, True),
        ({"9": "nginx: worker process"}, True),
    ],
)
def test_workers_are_replaced_when_new_ones_run_and_no_old_one_takes_connections(
    now: dict[str, str], replaced: bool
) -> None:
    assert _replaced(OLD, now) is replaced


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"a": 3}', '{"a": null}'])
def test_a_record_that_says_nothing_counts_as_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / reload.FILE).write_text(text)
    assert reload.told(tmp_path) == {}


def test_a_record_is_read_by_container(tmp_path: Path) -> None:
    assert reload.told(tmp_path) == {}
    (tmp_path / reload.FILE).write_text(json.dumps({"c1": {"image": "x"}}))
    assert reload.told(tmp_path) == {"c1": {"image": "x"}}


def test_how_many_there_are_is_no_reason_to_make_one_anew(tmp_path: Path) -> None:
    """Alone a service of the user's has a port open on the machine; among others it has none."""
    web = ServiceSpec(name="web", category=Category.CUSTOM)
    alone = {"image": "web", "ports": ["127.0.0.1:8001:8001"], "deploy": {"replicas": 1, "resources": {"limits": 1}}}
    among = {"image": "web", "deploy": {"replicas": 3, "resources": {"limits": 1}}}
    bigger = {"image": "web", "deploy": {"replicas": 3, "resources": {"limits": 2}}}
    given = (alone, among, bigger)
    prints = [fingerprints.of(web, entry, tmp_path, image_id="1", key="k", watched={}) for entry in given]
    assert prints[0] == prints[1] != prints[2]
