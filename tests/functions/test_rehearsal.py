"""Functions are loaded without being called, and one that breaks its worker hides none of the others."""

from __future__ import annotations

import httpx
import pytest

from tests.functions.conftest import ADMIN_SECRET, Folder, Running
from tests.functions.test_faults import children, wait_for

ADMIN = {"x-hasura-admin-secret": ADMIN_SECRET}


def errors(server: httpx.Client) -> dict[str, str | None]:
    answer = server.post("/_functions/load", headers=ADMIN)
    assert answer.status_code == 200, answer.text
    return {each["name"]: each["error"] for each in answer.json()["functions"]}


def test_what_cannot_be_loaded_is_named_and_nothing_is_called(functions: Folder, server: httpx.Client) -> None:
    functions.write("good.py", "def handler(e, c): open('called', 'x')\n")
    functions.write("nameless.py", "x = 1\n")
    functions.write("broken.py", "def handler(:\n")
    functions.write("exits.py", "import os\nos._exit(3)\n")
    functions.write("quits.py", "raise SystemExit(1)\n")
    functions.write("zgood.ts", "export default () => new Response('called')")
    functions.write("zbroken.ts", "export default () => {")
    functions.write("znone.ts", "export const x = 1")
    before = set(children())
    found = errors(server)
    assert (found.pop("good"), found.pop("zgood")) == (None, None)
    assert "exit code 3" in (found.pop("exits") or "")
    assert "has no function `handler(event, context)`" in (found.pop("nameless") or "")
    assert "exports no function" in (found.pop("znone") or "")
    assert "broken.py" in (found["broken"] or "")
    assert sorted(found) == ["broken", "quits", "zbroken"]
    assert all(found.values())
    assert set(children()) <= before
    assert not (functions.path / "called").exists()


def test_one_that_takes_for_ever_is_given_up(functions: Folder, running: Running) -> None:
    functions.write("loops.py", "while True: pass\n")
    functions.write("other.py", "def handler(e, c): return 1\n")
    with running(timeout_s=1) as server:
        # The other is given up, too, where a busy machine takes longer to load it.
        wait_for(lambda: errors(server) == {"loops": "it was not loaded after 1 s", "other": None})


def test_it_is_for_developers_and_the_admin_alone(running: Running) -> None:
    with running(dev=False) as server:
        assert server.post("/_functions/load").status_code == 401
        assert server.post("/_functions/load", headers=ADMIN).json() == {"functions": []}


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_it_is_no_function(functions: Folder, server: httpx.Client, method: str) -> None:
    assert server.request(method, "/_functions/load").status_code in {404, 405}
