"""The whole native runtime on real processes: plan, start, change, stop."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nself.errors import ConfigError, DatabaseError
from nself.events import Note
from nself.model.spec import Stop
from nself.runtimes import plan, probes
from nself.runtimes.native import perform, processes
from nself.runtimes.native.runtime import Native
from nself.runtimes.outcome import Outcome, Patience
from nself.runtimes.plan import State
from tests.runtimes.native.conftest import WEB, Stack, open_to_others

SYSTEM_BIN = Path("/usr/lib/postgresql/15/bin")


def start(native: Native, *, timeout_s: float = 30, probe: bool = True) -> Outcome:
    steps = plan.plan(native.wanted(), native.observe())
    native.begin()
    return perform.start(native, steps, after={}, patience=Patience(timeout_s=timeout_s, probe=probe))


def stop(native: Native, *names: str) -> list[str]:
    return perform.stop(native, plan.stops(native.wanted(), native.observe(), names))


def states(native: Native) -> dict[str, State]:
    return {name: running.state for name, running in native.observe().items()}


def pid_of(native: Native, name: str) -> int:
    return native.observe()[name].pid


def test_a_stack_starts_in_order_is_well_and_stops(stack: Stack) -> None:
    native = stack.build(stack.postgres(), stack.web())

    outcome = start(native)

    assert outcome.healthy == ["postgres", "web"]
    assert all(health.ok for health in probes.check_all(native.specs, native.network).values())
    assert plan.plan(native.wanted(), native.observe()) == []
    assert stop(native, "postgres", "web") == ["web", "postgres"]
    assert states(native) == {"postgres": State.STOPPED, "web": State.STOPPED}


def test_a_changed_definition_restarts_that_service_alone(stack: Stack) -> None:
    native = stack.build(stack.postgres(), stack.web())
    start(native)
    postgres, web = pid_of(native, "postgres"), pid_of(native, "web")

    changed = stack.build(stack.postgres(), replace(stack.web(), env={"COLOUR": "blue"}))
    steps = plan.plan(changed.wanted(), changed.observe())
    outcome = start(changed)

    assert [str(step) for step in steps] == ["restart web after postgres: changed: variables of web"]
    assert outcome.healthy == ["web"]
    assert pid_of(changed, "postgres") == postgres
    assert pid_of(changed, "web") != web
    assert processes.environment(pid_of(changed, "web"))["COLOUR"] == "blue"


def test_a_new_command_is_what_runs_after_the_next_start(stack: Stack) -> None:
    native = stack.build(stack.web(needs=()))
    start(native)

    changed = stack.build(stack.web(needs=(), code=f"{WEB} # new"))
    start(changed)

    assert "# new" in " ".join(processes.command_line(pid_of(changed, "web")))


def test_a_new_password_is_set_in_the_existing_database(stack: Stack) -> None:
    start(stack.build(stack.postgres()))

    changed = stack.build(stack.postgres(password="second ' $ password"))
    outcome = start(changed)

    assert outcome.healthy == ["postgres"]
    assert any(isinstance(event, Note) and "POSTGRES_PASSWORD changed" in event.text for event in stack.events)
    old = probes.check(stack.postgres(), changed.network)
    assert (old.ok, old.code) == (False, "28P01")
    assert "second" not in (stack.layout.logs / "postgres.log").read_text()


def test_a_new_user_is_made_in_the_existing_database(stack: Stack) -> None:
    start(stack.build(stack.postgres()))

    assert start(stack.build(stack.postgres(user="some-one"))).healthy == ["postgres"]


@pytest.mark.skipif(not SYSTEM_BIN.exists(), reason="PostgreSQL 15 of the system is not installed")
def test_system_binaries_serve_as_well_and_data_of_another_major_is_refused(new_stack: Callable[..., Stack]) -> None:
    stack = new_stack(bin_dir=SYSTEM_BIN)
    native = stack.build(stack.postgres())
    assert start(native).healthy == ["postgres"]
    stop(native, "postgres")
    before = sorted(path.name for path in stack.layout.data("postgres").iterdir())

    other = Stack(stack.layout.root)
    other.ports = stack.ports
    with pytest.raises(ConfigError, match=r"of PostgreSQL 15; POSTGRES_VERSION asks for 17"):
        start(other.build(other.postgres()))
    assert sorted(path.name for path in stack.layout.data("postgres").iterdir()) == before


def test_a_folder_with_other_content_is_never_initialised_over(stack: Stack) -> None:
    native = stack.build(stack.postgres())
    data = stack.layout.data("postgres")
    data.mkdir(parents=True)
    (data / "precious").write_text("mine")

    with pytest.raises(DatabaseError, match="is left alone"):
        start(native)
    assert (data / "precious").read_text() == "mine"


def test_a_pid_file_with_the_number_of_what_ended_and_was_not_reaped_is_stale(stack: Stack) -> None:
    native = stack.build(stack.postgres())
    start(native)
    stop(native, "postgres")
    data = stack.layout.data("postgres")
    owner = data.stat().st_uid
    with subprocess.Popen(["sleep", "0"], user=owner if owner else None) as zombie:
        while processes.alive(zombie.pid):
            time.sleep(0.01)
        (data / "postmaster.pid").write_text(f"{zombie.pid}\n{data}\n1700000000\n5432\n\n127.0.0.1\n")

        assert start(native).healthy == ["postgres"]


def test_an_initdb_that_was_killed_is_begun_anew(stack: Stack) -> None:
    native = stack.build(stack.postgres())
    half = stack.layout.data(".initdb-postgres")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("17")

    assert start(native).healthy == ["postgres"]
    assert not half.exists()


def test_a_service_that_ends_at_once_fails_with_its_last_words(stack: Stack) -> None:
    native = stack.build(stack.web(needs=(), code="raise SystemExit('no such luck')"))

    outcome = start(native)

    failure = outcome.failed[0]
    assert (failure.service, failure.timed_out) == ("web", False)
    assert "ends as soon as it is started" in failure.reason
    assert failure.probe.startswith("GET http://127.0.0.1:")
    assert failure.answer == "Connection refused"
    assert "no such luck" in failure.log[-1]


def test_whoever_else_answers_at_its_port_is_not_taken_for_it(stack: Stack) -> None:
    port = stack.ports["web", "http"]
    with ThreadingHTTPServer(("127.0.0.1", port), SimpleHTTPRequestHandler) as stranger:
        threading.Thread(target=stranger.serve_forever).start()
        native = stack.build(replace(stack.web(needs=()), stop=Stop(grace_s=0)))
        outcome = start(native)
        stranger.shutdown()
    assert outcome.healthy == []
    assert [failed.reason.partition(":")[0] for failed in outcome.failed] == [
        f"another program has port {port}, which was free at the build"
    ]
    assert start(native).healthy == ["web"]


def test_a_service_that_never_answers_runs_out_of_time_and_its_dependants_are_told(stack: Stack) -> None:
    stack.ports[("late", "http")] = 1
    deaf = stack.web(needs=(), code="import time; time.sleep(60)")
    late = replace(stack.web(needs=("web",)), name="late")
    native = stack.build(deaf, late)

    outcome = start(native, timeout_s=1)

    assert [(failure.service, failure.timed_out) for failure in outcome.failed] == [("web", True), ("late", False)]
    assert outcome.failed[1].reason == "web, which it needs, is not healthy"
    assert states(native)["late"] is State.STOPPED


def test_without_probes_a_start_returns_once_processes_were_started(stack: Stack) -> None:
    native = stack.build(stack.web(needs=(), code="import time; time.sleep(60)"))

    assert start(native, probe=False).healthy == ["web"]


def test_a_killed_process_comes_back_and_leaves_no_children_behind(stack: Stack) -> None:
    code = "import subprocess, time; subprocess.Popen(['sleep', '1000']); time.sleep(1000)"
    native = stack.build(stack.web(needs=(), code=code))
    start(native, probe=False)
    deadline = time.monotonic() + 90
    while len(processes.family(pid_of(native, "web"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.1)  # past `startsecs`: a process that ran is restarted at once, one that did not with a pause
    old, child = processes.family(pid_of(native, "web"))

    native.host.terminate(old, hard=True)

    while (pid_of(native, "web") in (0, old) or processes.alive(child)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert pid_of(native, "web") not in (0, old)
    assert not processes.alive(child)


def test_what_does_not_end_within_its_grace_is_killed(stack: Stack) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(99)"
    )
    native = stack.build(stack.web(needs=(), code=code))
    start(native, probe=False)
    deadline = time.monotonic() + 90
    while "deaf" not in native.log("web").read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    pid = pid_of(native, "web")

    steps = plan.stops(native.wanted(), native.observe(), ["web"])
    perform.stop(native, steps, grace_s=0.3)

    assert not processes.alive(pid)
    assert states(native)["web"] is State.STOPPED


def test_processes_that_outlived_a_killed_supervisor_are_ended_and_started_again(stack: Stack) -> None:
    native = stack.build(stack.postgres(), stack.web())
    start(native)
    orphans = [pid_of(native, "postgres"), pid_of(native, "web")]
    answer = native.supervisor.observe()
    assert answer is not None

    native.host.terminate(answer["pid"], hard=True)
    while processes.alive(answer["pid"]):
        time.sleep(0.01)
    again = stack.build(*stack.specs)
    assert set(native.supervisor.strays()) >= set(orphans)
    outcome = start(again)

    assert outcome.healthy == ["postgres", "web"]
    assert not any(processes.alive(pid) for pid in orphans)


def test_a_deep_folder_with_spaces_and_letters_of_all_kinds_works(
    new_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    stack = new_stack(tmp_path / "Größe % 日本 [x]" / ("deep" * 20))
    open_to_others(stack.layout.root)
    native = stack.build(stack.postgres(), stack.web())

    assert start(native).healthy == ["postgres", "web"]
    assert len(str(native.supervisor.socket)) < 107
