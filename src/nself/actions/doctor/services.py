"""What runs: every service asked for its health, and as whom they run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import nself
from nself.actions import restart, start, status
from nself.actions.doctor.check import Check, Fix, Patient, State, failed, passed
from nself.actions.status import ServiceStatus
from nself.errors import NselfError
from nself.events import Event, Warned
from nself.runtimes.native import identity

CATEGORY = "services"


def checks(patient: Patient) -> Iterator[Check]:
    if patient.project is None:
        return
    try:
        found = status.status(patient.project, patient.host, patient.environ, status.View(resources=False))
    except NselfError as error:
        yield failed("services", CATEGORY, error)
        return
    if found.summary.running == 0:
        fix = Fix(command="nself start")
        yield Check(id="running", category=CATEGORY, status=State.WARN, message="nothing runs", fix=fix)
    else:
        for service in found.services:
            yield _service(service, patient)
    yield from _account(patient)


def _service(service: ServiceStatus, patient: Patient) -> Check:
    if service.health == "healthy":
        return passed(service.name, CATEGORY, f"{service.name} is healthy")
    fix = Fix(command=f"nself restart {service.name}", auto=service.status != "stopped")
    if service.status == "stopped":
        fix = Fix(command=f"nself start {service.name}")
    message = f"{service.name} is {service.status}, {service.health}: {service.answer or 'no answer'}"
    project = patient.project
    assert project is not None

    def mend() -> object:
        settings = start.settings(patient.environ)
        named = [service.name]
        return restart.restart(project, patient.host, patient.environ, patient.emit, services=named, settings=settings)

    return Check(id=service.name, category=CATEGORY, status=State.FAIL, message=message, fix=fix, mend=mend)


def _account(patient: Patient) -> Iterator[Check]:
    """Root gives its rights away at start; a closed folder on the way costs some of that protection."""
    if os.geteuid() != 0 or patient.project is None:
        return
    said: list[Event] = []
    account = identity.known(patient.project.root)
    try:
        reach = [Path(sys.executable), Path(sys.base_prefix), Path(nself.__file__)]
        identity.choose(patient.project.root, patient.host, said.append, programs=reach)
    except NselfError as error:
        yield failed("account", CATEGORY, error)
        return
    warned = [event for event in said if isinstance(event, Warned)]
    for event in warned:
        fix = Fix(command=event.fix)
        yield Check(id="account", category=CATEGORY, status=State.WARN, message=event.text, fix=fix)
    if not warned:
        yield passed("account", CATEGORY, f"the stack runs as {account.name}, not as root")
