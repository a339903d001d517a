"""In which order two workers take the files. One begins with the longest, the other with the shortest: no long file is
left for the end, and whole stacks run beside short tests rather than beside other stacks.

A worker takes a whole file (`--dist loadfile`): its tests share what its fixtures made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

USUAL_S = 0.1
LONG_S: Mapping[str, float] = {
    "tests/templates/test_containers.py": 15,
    "tests/templates/test_templates.py": 10,
    "tests/e2e/test_mlflow.py": 70,
    "tests/e2e/": 8,
    "tests/docs/test_custom_services.py": 20,
    "tests/docs/test_coming_from_hasura.py": 15,
    "tests/docs/test_tutorial.py": 10,
    "tests/conformance/test_hasura.py": 4,
    "tests/graphql/http/test_console_in_browser.py": 4,
    "tests/graphql/events/test_crash.py": 3,
    "tests/graphql/events/test_delivery.py": 1,
    "tests/graphql/websocket/test_clients.py": 5,
    "tests/graphql/websocket/test_served.py": 5,
    "tests/runtimes/compose/": 1,
    "tests/runtimes/native/": 0.5,
}
"""{how a path begins: about how long one test of it takes}, where that is far from usual."""


def length_s(file: str, tests: int) -> float:
    each = next((seconds for path, seconds in LONG_S.items() if file.startswith(path)), USUAL_S)
    return each * tests


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class FromBothEnds(LoadFileScheduling):
        def _assign_work_unit(self, node: WorkerController) -> None:
            ends = (max, min)[self.nodes.index(node) % 2]
            taken = ends(self.workqueue, key=lambda file: length_s(file, len(self.workqueue[file])))
            self.workqueue.move_to_end(taken, last=False)
            super()._assign_work_unit(node)

    return FromBothEnds(config, log)
