"""Finding the programs that services name: on PATH, in Debian's folders, in a Python package of this environment."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from nself.errors import ProgramMissingError
from nself.host import Host
from nself.model.spec import Program, ServiceSpec

FOLDERS = (Path("/usr/sbin"), Path("/usr/local/sbin"), Path("/usr/local/bin"), Path("/opt/homebrew/bin"))
"""Where systems keep servers that are not on everybody's PATH."""


class ProgramTooOldError(ProgramMissingError):
    """The program is there, in a version that will not do."""

    kind = "program-too-old"


def find(program: Program, spec: ServiceSpec, host: Host, *, venvs: Path | None = None) -> Path:
    """The first that is there, before all in the service's own environment below `venvs`; ProgramMissingError says
    how to get it and how to do without."""
    names = program.names or (program.name,)
    for name in names:
        found = (
            _in_venv(venvs, spec, name)
            or _beside_python(name)
            or host.which(name)
            or _in_folders(name, host)
            or _in_package(name, program)
        )
        if found is not None:
            _check_version(found, program, spec, host)
            return found
    raise ProgramMissingError(
        f"{spec.name} needs {' or '.join(names)}, which is not installed on this machine",
        fixes=[program.hint, f"nself service disable {spec.name}", "nself start --runtime compose: in containers"],
    )


def _check_version(found: Path, program: Program, spec: ServiceSpec, host: Host) -> None:
    if program.minimum is None:
        return
    text = host.run([str(found), "--version"]).stdout
    version = re.search(r"[0-9]+(\.[0-9]+)+", text)
    if version is None or _numbers(version[0]) < _numbers(program.minimum):
        raise ProgramTooOldError(
            f"{spec.name} needs {program.name} {program.minimum} or later; "
            f"{found} is {version[0] if version else 'of no version that could be read'}",
            fixes=[
                *([program.otherwise] if program.otherwise else []),
                f"install a newer {program.name}, or: nself service disable {spec.name}",
                "nself start --runtime compose: in containers",
            ],
        )


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _in_venv(venvs: Path | None, spec: ServiceSpec, name: str) -> Path | None:
    found = venvs / spec.name / "bin" / name if venvs else None
    return found if found is not None and found.is_file() else None


def _beside_python(name: str) -> Path | None:
    """Scripts of packages installed into the environment nself runs in."""
    found = Path(sys.executable).parent / name
    return found if found.is_file() else None


def _in_folders(name: str, host: Host) -> Path | None:
    return next((folder / name for folder in FOLDERS if host.exists(folder / name)), None)


def _in_package(name: str, program: Program) -> Path | None:
    """A file of that name among those the package installed."""
    if program.package is None:
        return None
    from importlib.metadata import PackageNotFoundError, files

    try:
        listed = files(program.package) or []
    except PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in listed if file.name == name), None)
