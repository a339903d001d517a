"""Look for what is wrong, say how to mend it, and mend what is safe to mend."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from nself.actions import project
from nself.actions.doctor import certificates, configuration, docker, graphql, services, smoke, system
from nself.actions.doctor.check import Check, Checks, Patient, State, failed
from nself.errors import NselfError, UsageError
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.records import dataclass

CATEGORIES: Mapping[str, Checks] = {
    module.CATEGORY: module.checks for module in (system, configuration, docker, certificates, services, graphql)
}


@dataclass(frozen=True, slots=True)
class Counts:
    passed: int
    warnings: int
    failed: int
    skipped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`fixed` are the ids of what --fix mended; their checks show the state after it."""

    timestamp: datetime
    summary: Counts
    checks: tuple[Check, ...]
    fixed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """`categories` empty means all; `smoke` walks the whole path of a request as well."""

    categories: Collection[str] = ()
    fix: bool = False
    smoke: bool = False


def doctor(directory: Path, host: LocalHost, environ: Mapping[str, str], emit: Emit, wishes: Wishes) -> Report:
    """Every check, with a project or without one. Only `fix` changes anything, and only inside the project."""
    unknown = set(wishes.categories) - set(CATEGORIES)
    if unknown:
        raise UsageError(
            f"there is no category {', '.join(sorted(unknown))}", fixes=[f"the categories are {', '.join(CATEGORIES)}"]
        )
    patient = _patient(directory, host, environ, emit)
    found = _look(patient, wishes)
    fixed = _mend(found, emit) if wishes.fix else ()
    if fixed:
        found = _look(_patient(directory, host, environ, emit), wishes)
    if wishes.smoke:
        found += _run(smoke.CATEGORY, smoke.checks, patient)
    return Report(timestamp=host.now(), summary=_count(found), checks=tuple(found), fixed=fixed)


def exit_code(report: Report, *, strict: bool) -> int:
    """1 when something failed; with `strict` a warning counts as well."""
    return 1 if report.summary.failed or (strict and report.summary.warnings) else 0


def _patient(directory: Path, host: LocalHost, environ: Mapping[str, str], emit: Emit) -> Patient:
    loaded, trouble = None, None
    try:
        loaded = project.load(directory, environ, host=host)
    except NselfError as error:
        trouble = error
    return Patient(directory=directory, environ=environ, host=host, emit=emit, project=loaded, trouble=trouble)


def _look(patient: Patient, wishes: Wishes) -> list[Check]:
    wanted = [
        (name, checks) for name, checks in CATEGORIES.items() if not wishes.categories or name in wishes.categories
    ]
    return [check for name, checks in wanted for check in _run(name, checks, patient)]


def _run(category: str, checks: Checks, patient: Patient) -> Iterator[Check]:
    """One category; a check that cannot be made is a failed check, and the others go on."""
    try:
        yield from checks(patient)
    except NselfError as error:
        yield failed(category, category, error)


def _mend(found: Sequence[Check], emit: Emit) -> tuple[str, ...]:
    fixed = []
    for check in found:
        if check.status in {State.WARN, State.FAIL} and check.fix and check.fix.auto and check.mend:
            emit(Note(f"{check.message}: {check.fix.command}"))
            check.mend()
            fixed.append(f"{check.category}.{check.id}")
    return tuple(fixed)


def _count(found: Sequence[Check]) -> Counts:
    number = {state: sum(check.status is state for check in found) for state in State}
    return Counts(number[State.PASS], number[State.WARN], number[State.FAIL], number[State.SKIP])
