"""The server around the functions: routes of its own, reload, what it tells to whom."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx

from nself.functions.app import SERVER
from nself.functions.settings import FunctionsSettings
from nself.settings import from_env, to_env
from tests.functions.conftest import ADMIN_SECRET, Folder, Running
from tests.functions.test_faults import children


def test_no_worker_runs_before_the_first_call(functions: Folder, running: Running) -> None:
    functions.write("f.py", "def handler(e, c): return 1\n")
    with running() as server:
        before = children()
        assert server.get("/healthz").json() == {"status": "ok", "problems": []}
        assert server.get("/_functions").status_code == 200
        assert children() == before


def test_an_unknown_path_is_not_found(server: httpx.Client) -> None:
    answer = server.get("/nope")
    assert answer.status_code == 404
    assert answer.json()["error"] == "no function answers at /nope"


def test_functions_are_listed_for_the_admin_alone(functions: Folder, running: Running) -> None:
    functions.write("a/b.ts", "")
    with running(dev=False) as server:
        assert server.get("/_functions").status_code == 401
        assert server.get("/_functions", headers=[(b"x-hasura-admin-secret", "wrong é".encode())]).status_code == 401
        listed = server.get("/_functions", headers={"x-hasura-admin-secret": ADMIN_SECRET}).json()
    [found] = listed["functions"]
    assert (found["name"], found["language"], found["route"]) == ("a/b", "typescript", "/a/b")
    assert found["modified"].endswith("Z")


def test_without_an_admin_secret_nobody_lists_functions(running: Running) -> None:
    with running(dev=False, admin_secret=None) as server:
        assert server.get("/_functions", headers={"x-hasura-admin-secret": ""}).status_code == 401


def test_a_change_is_seen_by_the_next_call(functions: Folder, server: httpx.Client) -> None:
    functions.write("_word.py", "WORD = 'old'\n")
    functions.write("f.py", "from _word import WORD\ndef handler(e, c): return WORD\n")
    functions.write("g.ts", "export default () => new Response('old')")
    assert [server.get(path).text for path in ("/f", "/g")] == ["old", "old"]
    functions.write("_word.py", "WORD = 'new'\n")
    functions.write("g.ts", "export default () => new Response('new')")
    assert [server.get(path).text for path in ("/f", "/g")] == ["new", "new"]


def test_a_change_does_not_end_a_running_call(functions: Folder, server: httpx.Client) -> None:
    functions.write("slow.py", "import time\ndef handler(e, c): time.sleep(0.6); return 'finished'\n")
    functions.write("f.py", "def handler(e, c): return 1\n")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(server.get, "/slow")
        functions.write("f.py", "def handler(e, c): return 2\n")
        assert server.get("/f").text == "2"
        assert slow.result().text == "finished"


def test_outside_dev_code_changes_with_a_restart_only(functions: Folder, running: Running) -> None:
    functions.write("f.py", "def handler(e, c): return 1\n")
    with running(dev=False) as server:
        assert server.get("/f").text == "1"
        functions.write("f.py", "def handler(e, c): return 2\n")
        assert server.get("/f").text == "1"


def test_a_function_that_cannot_be_loaded_is_named_by_the_health_check(functions: Folder, server: httpx.Client) -> None:
    functions.write("broken.py", "def handler(e, c)\n")
    functions.write("fine.py", "def handler(e, c): return 1\n")
    assert server.get("/broken").status_code == 500
    assert server.get("/fine").status_code == 200
    health = server.get("/healthz")
    assert health.status_code == 200
    [problem] = health.json()["problems"]
    assert problem == {"function": "broken", "error": "broken.py:1: SyntaxError: expected ':'"}
    functions.write("broken.py", "def handler(e, c): return 1\n")
    assert server.get("/healthz").json()["problems"] == []


def test_the_settings_survive_the_environment() -> None:
    environ = {
        "FUNCTIONS_PORT": "3008",
        "FUNCTIONS_ENV": '{"A":"b"}',
        "HASURA_GRAPHQL_JWT_SECRET": '{"key":"k","type":"HS256"}',
        "FUNCTIONS_TIMEOUT": "2.5",
    }
    settings = from_env(FunctionsSettings, environ)
    assert to_env(settings) == environ
    assert "b" not in repr(settings).partition("variables")[2][:20]
    assert SERVER.flags["port"] == "FUNCTIONS_PORT"
