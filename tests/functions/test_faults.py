"""Whatever a function does to its own process, the server and every other call go on."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.cluster import free_port
from tests.functions.conftest import Folder, Running

FINE = "def handler(e, c): return 'fine'\n"
LOOP = {"f.py": "def handler(e, c):\n    while True: pass\n", "f.ts": "export default () => { for (;;) {} }"}
EXIT = {"f.py": "import os\ndef handler(e, c): os._exit(3)\n", "f.ts": "export default () => Deno.exit(3)"}
HUNGRY = {
    "f.py": "def handler(e, c): return len(bytearray(10**9))\n",
    "f.ts": "export default () => { const all = []; for (;;) all.push(new Array(1e6).fill({})) }",
}
LOUD = {
    "f.py": "def handler(e, c):\n    for _ in range(200): print('x' * 10_000)\n    return 1\n",
    "f.ts": "export default () => { for (let i = 200; i--;) console.log('x'.repeat(1e4)); return Response.json(1) }",
}
HUGE = {
    "f.py": "def handler(e, c): return 'x' * (2 * 1024 * 1024)\n",
    "f.ts": "export default () => new Response('x'.repeat(2 * 1024 * 1024))",
}
both = pytest.mark.parametrize("file", ["f.py", "f.ts"])


def run_beside(server: httpx.Client, path: str) -> Callable[[], httpx.Response]:
    """Begin a call and return at once; the result is asked for later."""
    pool = ThreadPoolExecutor(1)
    began: Future[httpx.Response] = pool.submit(server.get, path)
    pool.shutdown(wait=False)
    return began.result


@both
def test_an_endless_loop_is_ended_and_harms_no_other_call(functions: Folder, running: Running, file: str) -> None:
    functions.write(file, LOOP[file])
    functions.write("fine.py", FINE)
    with running(timeout_s=1) as server:
        # Who is slow to load on a busy machine is given up as well.
        wait_for(lambda: server.get("/fine").text == "fine")
        looping = run_beside(server, "/f")
        assert [server.get("/fine").text for _ in range(5)] == ["fine"] * 5
        answer = looping()
        assert (answer.status_code, answer.json()["code"]) == (504, "timeout")
        wait_for(lambda: not any(cpu_is_busy(pid) for pid in children()))


@both
def test_a_function_that_exits_costs_one_call(functions: Folder, running: Running, file: str) -> None:
    functions.write(file, EXIT[file])
    functions.write("fine.py", FINE)
    with running(workers=1) as server:
        answers = [server.get(path) for path in ("/f", "/fine", "/f")]
    assert [answer.status_code for answer in answers] == [502, 200, 502]
    assert answers[0].json()["detail"] == "its worker ended with exit code 3"


@both
def test_a_memory_hog_is_stopped_at_its_limit(functions: Folder, running: Running, file: str) -> None:
    functions.write(file, HUNGRY[file])
    functions.write("fine.py", FINE)
    with running(memory_mb=64) as server:
        answer = server.get("/f")
        assert answer.status_code in (500, 502)
        assert server.get("/fine").text == "fine"


@both
def test_output_without_end_does_not_fill_the_log(
    functions: Folder, running: Running, file: str, caplog: pytest.LogCaptureFixture
) -> None:
    functions.write(file, LOUD[file])
    with running() as server, caplog.at_level("INFO", logger="nself.functions"):
        assert server.get("/f").text == "1"
        wait_for(lambda: "left out" in caplog.text)
    assert 100_000 < len(caplog.text) < 600_000


@both
def test_an_answer_that_is_too_large_is_refused(functions: Folder, running: Running, file: str) -> None:
    functions.write(file, HUGE[file])
    with running(max_body_mb=1) as server:
        answers = [server.get("/f") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [500, 500]
    assert "more than 1048576" in answers[0].json()["detail"]


def test_a_request_that_is_too_large_is_refused(functions: Folder, running: Running) -> None:
    functions.write("f.py", FINE)
    with running(max_body_mb=1) as server:
        assert server.post("/f", content=b"x" * (1024 * 1024)).status_code == 200
        assert server.post("/f", content=b"x" * (1024 * 1024 + 1)).status_code == 413
        chunked = server.post("/f", content=iter([b"x" * 700_000, b"x" * 700_000]))
        assert (chunked.status_code, chunked.json()["code"]) == (413, "body-too-large")


def test_what_a_function_prints_is_logged_under_its_name(
    functions: Folder, server: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    functions.write(
        "f.py",
        "import sys\ndef handler(e, c):\n    print('to out')\n    print('to err', file=sys.stderr)\n    return 1\n",
    )
    with caplog.at_level("INFO", logger="nself.functions"):
        server.get("/f", headers={"x-request-id": "r1"})
        wait_for(lambda: "to err" in caplog.text and "to out" in caplog.text)
    assert "f [r1]: to out" in caplog.messages
    assert "f [r1]: to err" in caplog.messages


def test_calls_beyond_the_workers_wait_and_beyond_the_queue_are_refused(functions: Folder, running: Running) -> None:
    waiting = "    while not os.path.exists('over'): time.sleep(0.01)\n"
    functions.write("f.py", f"import os, time\ndef handler(e, c):\n{waiting}    return 'slept'\n")
    with running(workers=1, queue=1) as server, ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(server.get, "/f") for _ in range(4)]
        wait_for(lambda: sum(call.done() for call in calls) == 2)
        (functions.path / "over").touch()
        assert sorted(call.result().status_code for call in calls) == [200, 200, 503, 503]


def test_children_of_a_function_end_with_it(functions: Folder, running: Running) -> None:
    functions.write(
        "f.py",
        "import subprocess\ndef handler(e, c):\n    print(subprocess.Popen(['sleep', '300']).pid, flush=True)\n"
        "    open('pid', 'w').write(str(subprocess.Popen(['sleep', '300']).pid))\n    while True: pass\n",
    )
    with running(timeout_s=1) as server:
        # It may be given up before it came so far.
        wait_for(lambda: server.get("/f").status_code == 504 and (functions.path / "pid").exists())
        pid = int((functions.path / "pid").read_text())
        wait_for(lambda: not alive(pid))


def test_a_worker_killed_between_calls_is_replaced(functions: Folder, server: httpx.Client) -> None:
    functions.write("f.py", "import os\ndef handler(e, c): return os.getpid()\n")
    first = server.get("/f").json()
    assert server.get("/f").json() == first
    end(first)
    second = server.get("/f")
    assert second.status_code == 200
    assert second.json() != first


def test_idle_workers_are_ended(functions: Folder, running: Running) -> None:
    functions.write("f.py", "import os\ndef handler(e, c): return os.getpid()\n")
    with running(idle_s=0.2) as server:
        pid = server.get("/f").json()
        wait_for(lambda: not alive(pid))
        assert server.get("/f").json() != pid


def test_no_worker_outlives_the_server(functions: Folder, running: Running) -> None:
    functions.write("f.py", "import os\ndef handler(e, c): return os.getpid()\n")
    functions.write("g.ts", "export default () => Response.json(Deno.pid)")
    with running() as server:
        pids = [server.get(path).json() for path in ("/f", "/g")]
        assert all(alive(pid) for pid in pids)
    assert not any(alive(pid) for pid in pids)


@both
def test_a_looping_worker_ends_with_a_server_that_is_killed(functions: Folder, file: str) -> None:
    functions.write(file, LOOP[file])
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "nself.functions", "--port", str(port)], env={"FUNCTIONS_DIR": str(functions.path)}
    )
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        with pytest.raises(httpx.TimeoutException):
            httpx.get(f"http://127.0.0.1:{port}/f", timeout=1, trust_env=False)
        wait_for(lambda: len(children_of(server.pid)) == 1)
        [worker] = children_of(server.pid)
        assert alive(worker)
    finally:
        server.kill()
        server.wait()
    wait_for(lambda: not alive(worker))


def test_a_lone_server_logs_calls_and_what_they_print(functions: Folder, tmp_path: Path) -> None:
    functions.write("f.py", "def handler(e, c):\n    print('hello from f')\n    return 1\n")
    port, log = free_port(), tmp_path / "log"
    with log.open("wb") as stderr:
        server = subprocess.Popen(
            [sys.executable, "-m", "nself.functions", "--port", str(port)],
            env={"FUNCTIONS_DIR": str(functions.path), "HASURA_GRAPHQL_ADMIN_SECRET": "very-secret"},
            stderr=stderr,
        )
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        httpx.get(f"http://127.0.0.1:{port}/f", headers={"x-request-id": "r1"}, trust_env=False)
        wait_for(lambda: "INFO nself.functions f [r1]: hello from f" in log.read_text())
    finally:
        server.terminate()
        assert server.wait(60) == 0
    assert "INFO nself.functions f [r1] 200 in" in log.read_text()
    assert "very-secret" not in log.read_text()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def children() -> list[int]:
    """Our own child processes."""
    return children_of(os.getpid())


def children_of(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for file in found for pid in file.read_text().split()]


def cpu_is_busy(pid: int) -> bool:
    """Whether the process uses the processor right now: its state is `R`."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "R"
    except OSError:
        return False


def end(pid: int) -> None:
    """Kill, and wait for the last of its threads: only then are its sockets closed."""
    ended = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        assert select.select([ended], [], [], 20)[0], "it did not end"
    finally:
        os.close(ended)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], within_s: float = 90) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def test_bytes_that_are_no_answer_cost_one_call(functions: Folder, running: Running) -> None:
    functions.write(
        "f.py",
        """
        import os, stat
        def handler(e, c):
            for fd in range(3, 64):
                try:
                    if stat.S_ISSOCK(os.fstat(fd).st_mode):
                        os.write(fd, b"\\x00\\x00\\x00\\x04\\x00\\x00\\x00\\x00!!!!")
                except OSError:
                    pass
            return 1
        """,
    )
    functions.write("fine.py", FINE)
    with running(workers=1) as server:
        answer = server.get("/f")
        assert (answer.status_code, server.get("/fine").text) == (500, "fine")
    assert "malformed" in answer.json()["detail"]
