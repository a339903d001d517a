"""More or less of a service: written to the project's files, built, and performed without dropping a request."""

from __future__ import annotations

from collections.abc import Sequence

from nself.actions import build as builds
from nself.actions import derived, history
from nself.actions import start as starting
from nself.actions.config import change as config_change
from nself.actions.config.change import Edit, Target
from nself.actions.scale import rules as scale_rules
from nself.actions.scale.rules import Amount, Wish
from nself.actions.stack import Stack, open_stack
from nself.actions.start import StartSettings
from nself.events import Emit, Note
from nself.model import replicas
from nself.model.project import Project
from nself.records import dataclass
from nself.runtimes.outcome import Failure, Outcome
from nself.runtimes.plan import ALIVE, Step
from nself.services import nginx


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """`steps` are what was done, or what would be (`dry_run`). `applied` is whether the running stack is so now;
    `rolled_back`: something failed, and files and stack are as they were before."""

    service: str
    before: Amount
    after: Amount
    files: tuple[str, ...]
    steps: tuple[str, ...]
    notes: tuple[str, ...]
    dry_run: bool
    applied: bool
    rolled_back: bool
    failed: tuple[Failure, ...]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One change of one service. `emit` is told what happens meanwhile."""

    target: Target
    service: str
    settings: StartSettings
    emit: Emit
    why: str = ""
    """Kept in the history, where no person asked for it."""

    def load(self) -> Project:
        return self.target.inspect().checked()

    def open(self) -> Stack:
        return open_stack(self.load(), self.target.host, self.target.environ, self.emit)


def scale(job: Job, wish: Wish, *, dry_run: bool = False) -> Scaled:
    """Bring one service to what is wished. What would not load, or cannot be, is refused before anything is written."""
    project = job.load()
    before = scale_rules.current(project, job.target.host, job.service)
    after = scale_rules.wanted(before, wish, job.service)
    scale_rules.check(project, job.service, before, after)
    edits = _edits(job.target, project, job.service, before, after)
    _rehearse(job.target, edits, job.service, after)
    notes = scale_rules.notes(project, job.service, before, after)
    if dry_run or not edits:
        steps = scale_rules.described(project, job.service, before, after) if edits else ()
        return _scaled(job, before, after, edits, steps=steps, notes=notes, dry_run=dry_run)
    opened = job.open()
    details = {"before": str(before), "after": str(after), **({"why": job.why} if job.why else {})}
    entry = history.Entry("scale", f"scale {job.service}", details)
    with (
        opened.runtime.locked("scale", wait_s=starting.LOCK_WAIT_S),
        history.recorded(project, job.target.host, job.emit, entry),
    ):
        # Before anything is written: where nobody can be asked what runs, nothing is changed either.
        runs = _runs(opened, job.service)
        config_change.apply(job.target, edits, f"scale {job.service}")
        if not runs:
            builds.build(job.load(), job.target.host, job.target.environ, job.emit)
            return _scaled(job, before, after, edits, notes=(*notes, "it does not run: nself start"))
        performed, failed = _perform(job)
        if failed:
            _roll_back(job, edits)
        entry.exit_code = starting.failure_code(failed)
    done = [str(step) for step in performed]
    return _scaled(job, before, after, edits, steps=done, notes=notes, applied=not failed, failed=failed)


def _edits(target: Target, project: Project, service: str, before: Amount, after: Amount) -> list[Edit]:
    """Where a service is defined, there its amount is written; that of a built-in one in `scale:`."""
    changed = scale_rules.texts(before, after)
    if not changed:
        return []
    path = next((each.path for each in project.custom if each.name == service), f"scale.{service}")
    if path.startswith("CS_"):
        return config_change.variable_edits(target, {f"{path}_{key.upper()}": text for key, text in changed.items()})
    section = path.split(".", 1)[0]
    return config_change.document_edits(target, {(section, service, key): text for key, text in changed.items()})


def _rehearse(target: Target, edits: Sequence[Edit], service: str, after: Amount) -> None:
    """The project as it would be: every problem of it is raised, and so is what something stronger overrides."""
    project = target.inspect({edit.file: edit.new for edit in edits}).checked()
    derived.remembered(project, target.host)
    scale_rules.check_effective(project, target.host, service, after)


def _runs(opened: Stack, service: str) -> bool:
    observed = opened.runtime.observe()
    return any(replicas.service_of(name) == service and running.state in ALIVE for name, running in observed.items())


def _perform(job: Job) -> tuple[list[Step], tuple[Failure, ...]]:
    """Build, bring up what is new, and only when it is well lead traffic to it, or away from what is too much."""
    opened = starting.ready(job.load(), job.target.host, job.target.environ, job.emit)
    steps = [
        step
        for step in opened.plan(())
        if replicas.service_of(step.service) == job.service or (step.service == nginx.NAME and step.verb != "start")
    ]
    first = [step for step in steps if step.service != nginx.NAME and step.verb == "start"]
    rest = [step for step in steps if step not in first]
    for part in (first, rest):
        outcome = _walk(opened, part, job) if part else Outcome()
        if outcome.failed:
            return steps, tuple(outcome.failed)
    return steps, ()


def _walk(opened: Stack, steps: Sequence[Step], job: Job) -> Outcome:
    names = [step.service for step in steps if step.verb != "stop"]
    return starting.perform_steps(opened, names, steps, settings=job.settings, emit=job.emit)


def _roll_back(job: Job, edits: Sequence[Edit]) -> None:
    """Files as they were, and the stack as they say."""
    job.emit(Note("going back to how it was"))
    back = [Edit(file=edit.file, old=edit.new, new=edit.old) for edit in edits]
    config_change.apply(job.target, back, f"scale {job.service} back: it failed")
    _perform(job)


def _scaled(
    job: Job,
    before: Amount,
    after: Amount,
    edits: Sequence[Edit],
    *,
    steps: Sequence[str] = (),
    notes: Sequence[str] = (),
    dry_run: bool = False,
    applied: bool = False,
    failed: Sequence[Failure] = (),
) -> Scaled:
    return Scaled(
        service=job.service,
        before=before,
        after=after,
        files=tuple(edit.file for edit in edits),
        steps=tuple(steps),
        notes=tuple(notes),
        dry_run=dry_run,
        applied=applied,
        rolled_back=bool(failed),
        failed=tuple(failed),
    )
