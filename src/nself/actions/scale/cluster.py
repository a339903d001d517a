"""One Redis server, a cluster, a larger or a smaller one: keys are moved while clients use them, and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from nself.actions import derived, history
from nself.actions import start as starting
from nself.actions.config import change as config_change
from nself.actions.config.change import Edit, Target
from nself.actions.redis import cluster, ready
from nself.actions.redis.connection import connected, figures, is_master, keyspace
from nself.actions.service.cache import refuse_missing
from nself.actions.stack import Stack, open_stack
from nself.actions.start import StartSettings
from nself.errors import UsageError
from nself.events import Emit
from nself.model.project import Project
from nself.records import dataclass
from nself.runtimes.outcome import Failure
from nself.services import redis, redis_cluster

SETTING = "REDIS_CLUSTER_NODES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshaped:
    """`nodes` 1 is one server without a cluster. `keys` were counted in all masters, before and after; None where
    nothing was done. `applied`: the running stack is so now, every node says that all is well."""

    nodes_before: int
    nodes: int
    masters: int
    replicas: int
    keys_before: int | None
    keys: int | None
    files: tuple[str, ...]
    steps: tuple[str, ...]
    notes: tuple[str, ...]
    dry_run: bool
    applied: bool
    failed: tuple[Failure, ...]


@dataclass(frozen=True, kw_only=True)
class Job:
    """To so many nodes. `emit` is told what happens meanwhile."""

    target: Target
    nodes: int
    settings: StartSettings
    emit: Emit

    def load(self) -> Project:
        return self.target.inspect().checked()

    def open(self) -> Stack:
        return open_stack(self.load(), self.target.host, self.target.environ, self.emit)

    @property
    def after(self) -> int:
        return max(self.nodes, 1)


def job(target: Target, nodes: int, environ: Mapping[str, str], emit: Emit, timeout_s: int | None) -> Job:
    return Job(target=target, nodes=nodes, settings=starting.settings(environ, timeout_s=timeout_s), emit=emit)


def nodes_now(opened: Stack) -> int:
    """As it runs: files may say what has not been done yet."""
    with connected(opened) as first:
        told = figures(first)
    return len(cluster.names(opened.project)) if told.get("cluster_enabled") == "1" else 1


def one_more(opened: Stack) -> int:
    now = nodes_now(opened)
    if now == 1:
        raise UsageError(
            "Redis is one server, without a cluster to add a node to",
            fixes=["nself scale redis cluster --nodes 3", "nself scale redis cluster --nodes 6: with replicas"],
        )
    return now + 1


def opened_running(target: Target, emit: Emit) -> Stack:
    project = target.inspect().checked()
    refuse_missing(project)
    opened = open_stack(project, target.host, target.environ, emit)
    opened.refuse_stopped()
    return opened


def preview(job: Job) -> Reshaped:
    """What would be done. What cannot be is refused."""
    refuse_number(job.nodes)
    opened = opened_running(job.target, job.emit)
    before = nodes_now(opened)
    edits = _edits(job)
    _rehearse(job.target, edits)
    steps = _described(before, job.after)
    return _reshaped(job, before, edits, steps=steps, notes=_notes(opened.project, job.after), dry_run=True)


def reshape(job: Job) -> Reshaped:
    """Do it. What was interrupted goes on when it is asked for again."""
    refuse_number(job.nodes)
    opened = opened_running(job.target, job.emit)
    entry = history.Entry("scale", f"scale redis cluster to {job.after}", {"nodes": job.after})
    with (
        opened.runtime.locked("scale", wait_s=starting.LOCK_WAIT_S),
        history.recorded(opened.project, job.target.host, job.emit, entry),
    ):
        before = nodes_now(opened)
        entry.details["before"] = before
        edits = _edits(job)
        _rehearse(job.target, edits)
        counted = _make_ready(job, opened, before)
        if job.after < before:
            _lead_out(job, opened)
        config_change.apply(job.target, edits, f"scale redis cluster to {job.after}")
        failed = _perform(job)
        entry.exit_code = starting.failure_code(failed)
        notes = _notes(opened.project, job.after)
        steps = _described(before, job.after)
        if failed:
            return _reshaped(job, before, edits, steps=steps, notes=notes, failed=failed)
        keys = _keys(job.open())
        entry.details |= {"keys_before": counted, "keys": keys}
    notes += _fewer(counted, keys)
    return _reshaped(job, before, edits, steps=steps, notes=notes, counted=(counted, keys), applied=True)


def refuse_number(nodes: int) -> None:
    fewest, most = redis_cluster.FEWEST, redis_cluster.MOST
    if nodes < 0 or 1 < nodes < fewest or nodes > most:
        raise UsageError(
            f"a Redis cluster has {fewest} to {most} nodes, and this asks for {nodes}",
            fixes=[
                "nself scale redis cluster --nodes 6: three masters, each with a replica",
                "nself scale redis cluster --nodes 1: one server again",
            ],
        )


def _edits(job: Job) -> list[Edit]:
    found = config_change.variable_edits(job.target, {SETTING: str(job.after)})
    return [edit for edit in found if edit.old != edit.new]


def _rehearse(target: Target, edits: Sequence[Edit]) -> None:
    """The project as it would be: its problems are raised before anything is done."""
    derived.remembered(target.inspect({edit.file: edit.new for edit in edits}).checked(), target.host)


def _make_ready(job: Job, opened: Stack, before: int) -> int:
    """Refuse what would lose keys; how many there are."""
    masters = redis_cluster.masters(job.after)
    if before == 1 and job.after > 1:
        with connected(opened) as server:
            ready.for_cluster(server, redis.settings(opened.project), wait_s=job.settings.timeout_s)
            return sum(keyspace(figures(server)).values())
    if before > 1 and masters < redis_cluster.masters(before):
        with ExitStack() as stack:
            servers = [stack.enter_context(connected(opened, name)) for name in cluster.names(opened.project)]
            ready.refuse_too_much([figures(each) for each in servers if is_master(each)], masters)
    return _keys(opened)


def _lead_out(job: Job, opened: Stack) -> None:
    """All keys to the nodes that stay; then nothing is missed of the others."""
    cluster.form(opened, job.emit, staying=job.after, even=True, wait_s=job.settings.timeout_s)
    opened.runtime.forget_volumes(cluster.names(opened.project)[job.after :])


def _perform(job: Job) -> tuple[Failure, ...]:
    """Build; start and stop what the files now want of what runs; bring the nodes together."""
    opened = starting.ready(job.load(), job.target.host, job.target.environ, job.emit, resized=True)
    names = cluster.names(opened.project)
    steps = [step for step in opened.plan(()) if step.service in names or step.verb != "start"]
    scope = [*names, *(step.service for step in steps if step.verb != "stop" and step.service not in names)]
    outcome = starting.perform_steps(
        opened,
        scope,
        steps,
        settings=job.settings,
        emit=job.emit,
        evolving=False,
    )
    if not outcome.failed and job.after > 1:
        cluster.form(opened, job.emit, even=True, wait_s=job.settings.timeout_s)
    return tuple(outcome.failed)


def _keys(opened: Stack) -> int:
    """In all masters."""
    with ExitStack() as stack:
        servers = [stack.enter_context(connected(opened, name)) for name in cluster.names(opened.project)]
        return sum(sum(keyspace(figures(each)).values()) for each in servers if len(servers) == 1 or is_master(each))


def _fewer(before: int, after: int) -> list[str]:
    if after >= before:
        return []
    return [f"{before - after} keys fewer than before: expired, evicted or removed by clients meanwhile"]


def _described(before: int, after: int) -> list[str]:
    masters = redis_cluster.masters(after)
    new = redis_cluster.named(redis.NAME, after)[before:]
    gone = redis_cluster.named(redis.NAME, before)[after:]
    steps = [f"write {SETTING}={after}"]
    if before == 1 and after > 1:
        steps.insert(0, "check that all keys are in database 0, and write them to disk")
        steps.append("restart redis as the first node, which has all keys")
    if new:
        steps.append(f"start {', '.join(new)} and wait until they are healthy")
    if after > 1 and after != before:
        steps.append(f"move slots with their keys until {masters} masters have as many each")
    if masters < after != before:
        steps.append(f"make the other {after - masters} their replicas")
    if gone:
        all_of = "all slots back to redis" if after == 1 else f"all slots of {', '.join(gone)} to the others"
        steps = [
            f"move {all_of}",
            *steps[:1],
            f"stop {', '.join(gone)}",
            *([] if after > 1 else ["restart redis alone"]),
        ]
    return [*steps, "check the state of every node and count the keys"]


def _notes(project: Project, after: int) -> list[str]:
    """What a person may otherwise believe wrongly."""
    if after == 1:
        return ["the volumes of the nodes that went stay, and hold no keys"]
    found = redis.settings(project)
    masters = redis_cluster.masters(after)
    notes = ["clients have to speak cluster: they are told the nodes in REDIS_CLUSTER_ENDPOINTS"]
    if found.max_memory != "0":
        notes.append(f"REDIS_MAX_MEMORY is each node's own: {masters} × {found.max_memory} for data")  # noqa: RUF001
    if masters == after:
        notes.append("no node has a replica: when one ends, its keys are out of reach until it is back")
    return notes


def _reshaped(
    job: Job,
    before: int,
    edits: Sequence[Edit],
    *,
    steps: Sequence[str],
    notes: Sequence[str],
    counted: tuple[int | None, int | None] = (None, None),
    dry_run: bool = False,
    applied: bool = False,
    failed: Sequence[Failure] = (),
) -> Reshaped:
    masters = redis_cluster.masters(job.after)
    return Reshaped(
        nodes_before=before,
        nodes=job.after,
        masters=masters,
        replicas=job.after - masters,
        keys_before=counted[0],
        keys=counted[1],
        files=tuple(edit.file for edit in edits),
        steps=tuple(steps),
        notes=tuple(notes),
        dry_run=dry_run,
        applied=applied,
        failed=tuple(failed),
    )
