"""Docker: is it here, does its engine answer, is each part new enough, are the project's images here."""

from __future__ import annotations

from collections.abc import Iterator

from nself.actions.doctor.check import Check, Patient, failed, passed
from nself.actions.stack import open_stack
from nself.errors import NselfError
from nself.model.spec import Runtime
from nself.runtimes.compose.docker import Docker

CATEGORY = "docker"


def checks(patient: Patient) -> Iterator[Check]:
    """Nothing where no project runs in containers: Docker is not needed then."""
    project = patient.project
    if project is None or project.runtime is not Runtime.COMPOSE:
        return
    found = Docker(patient.host, patient.environ).version()
    yield passed("engine", CATEGORY, f"Docker Engine {found.engine} for {found.os}/{found.architecture}")
    yield passed("compose", CATEGORY, f"Docker Compose {found.compose}")
    try:
        open_stack(project, patient.host, patient.environ).runtime.check_ready()
    except NselfError as error:
        yield failed("images", CATEGORY, error)
    else:
        yield passed("images", CATEGORY, "the images that are built for this project are here")
