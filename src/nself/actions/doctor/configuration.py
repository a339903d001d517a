"""The project's files: do they load, who may read the secrets, is the build what they say."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from nself.actions import build
from nself.actions.doctor.check import Check, Fix, Patient, State, failed, passed
from nself.errors import ConfigError, NselfError
from nself.model.project import Project

CATEGORY = "config"
SECRET_FILES = (".env", ".env.local", ".env.secrets")


def checks(patient: Patient) -> Iterator[Check]:
    project = patient.project
    if project is None:
        if patient.trouble is not None:
            yield failed("project", CATEGORY, patient.trouble)
        return
    yield passed("project", CATEGORY, f"{project.name} ({project.env}) loads")
    for warning in project.warnings:
        yield Check(id="warning", category=CATEGORY, status=State.WARN, message=str(warning))
    yield from _secret_files(project)
    yield _ignored(project, patient)
    yield _built(project, patient)


def _secret_files(project: Project) -> Iterator[Check]:
    for name in SECRET_FILES:
        file = project.root / name
        if file.is_file() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            fix = Fix(command=f"chmod 600 {name}", auto=True)
            message = f"{name} holds secrets and others may read it"
            yield Check(id="secrets", category=CATEGORY, status=State.WARN, message=message, fix=fix, mend=_close(file))


def _close(file: Path) -> Callable[[], object]:
    return lambda: file.chmod(0o600)


def _ignored(project: Project, patient: Patient) -> Check:
    """Asked of git itself, where the project is in a repository; a pattern may stand in any of several files."""
    if patient.host.which("git") is None or not _in_repository(project, patient):
        return Check(id="git", category=CATEGORY, status=State.SKIP, message="the project is not in a git repository")
    asked = patient.host.run(["git", "check-ignore", *SECRET_FILES, ".nself"], cwd=project.root)
    open_to_git = sorted({*SECRET_FILES, ".nself"} - set(asked.stdout.split()))
    if not open_to_git:
        return passed("git", CATEGORY, "git ignores the files with secrets")
    message = f"git does not ignore {', '.join(open_to_git)}"
    return Check(
        id="git", category=CATEGORY, status=State.FAIL, message=message, fix=Fix(command="add them to .gitignore")
    )


def _in_repository(project: Project, patient: Patient) -> bool:
    return patient.host.run(["git", "rev-parse", "--is-inside-work-tree"], cwd=project.root).ok


def _built(project: Project, patient: Patient) -> Check:
    """Also finds ports taken by others and extensions that no PostgreSQL here has: the build would refuse them."""
    try:
        build.check(project, patient.host, patient.environ)
    except ConfigError as error:
        if not str(error).startswith("the build is stale"):
            return failed("build", CATEGORY, error)
        fix = Fix(command="nself build", auto=True)

        def mend() -> object:
            return build.build(project, patient.host, patient.environ, patient.emit)

        return Check(id="build", category=CATEGORY, status=State.WARN, message=error.message, fix=fix, mend=mend)
    except NselfError as error:
        return failed("build", CATEGORY, error)
    return passed("build", CATEGORY, "the build is up to date")
