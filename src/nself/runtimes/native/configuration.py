"""The rendered supervisor configuration, read back: which programs there are and what each is made from.

What is launched is the rendered text plus what only this machine knows (socket, account, log of supervisord itself),
written to `.nself/run`. A program's fingerprint covers its section, its files and its binary, so a change in any of
them is a reason to restart it, and nothing else is.
"""

from __future__ import annotations

import io
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nself import __version__
from nself.errors import ConfigError
from nself.model import replicas
from nself.model.place import BACKEND, SECRETS
from nself.model.spec import ServiceSpec
from nself.records import dataclass
from nself.runtimes import digest
from nself.runtimes.native.exec import AS_IS

if TYPE_CHECKING:
    import configparser

PROGRAM = "program:"
HOLD = "NSELF_HOLD"
"""The variable that tells the backend its hold file; see `nself.backend`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One section of the rendered file."""

    name: str
    argv: tuple[str, ...]
    log: Path | None
    directory: Path | None
    options: Mapping[str, str]

    @property
    def binary(self) -> Path:
        """What it runs in the end: some are reached through a small program that gives them their variables."""
        behind = self.argv.index("--") + 1 if AS_IS in self.argv else 0
        return Path(self.argv[behind])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The rendered file, parsed."""

    parser: configparser.RawConfigParser
    programs: Mapping[str, Program]


def read(file: Path) -> Rendered:
    import configparser

    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{file} is missing: the project was not built", fixes=["nself build"]) from None
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    parser.read_string(text, source=str(file))
    names = [section.removeprefix(PROGRAM) for section in parser.sections() if section.startswith(PROGRAM)]
    return Rendered(parser=parser, programs={name: _program(name, parser) for name in names})


def launched(rendered: Rendered, *, socket: Path, state: Path, logs: Path) -> str:
    """The text supervisord is started with. Paths are escaped: `%` is supervisor's own mark."""
    parser = rendered.parser
    own: dict[str, dict[str, Path | str]] = {
        "unix_http_server": {"file": socket, "chmod": "0700"},
        "supervisord": {
            "logfile": logs / "supervisord.log",
            "logfile_maxbytes": "5MB",
            "logfile_backups": "2",
            "pidfile": state / "run" / "supervisord.pid",
            "nodaemon": "true",
            "silent": "true",
            "umask": "077",
            "strip_ansi": "true",
            "directory": state / "run",
        },
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        "rpcinterface:nself": {
            "supervisor.rpcinterface_factory": "nself.runtimes.native.plugin:interface",
            "state": state,
        },
    }
    for section, options in own.items():
        parser.remove_section(section)
        parser.add_section(section)
        for key, value in options.items():
            parser.set(section, key, str(value).replace("%", "%%"))
    for program in rendered.programs.values():
        if program.log is not None:  # the one option that supervisor expands twice
            parser.set(PROGRAM + program.name, "stdout_logfile", str(program.log).replace("%", "%%%%"))
    if BACKEND in rendered.programs:
        parser.set(PROGRAM + BACKEND, "environment", f'{HOLD}="{_quoted(hold_file(state))}"')
    out = io.StringIO()
    parser.write(out)
    return out.getvalue()


def hold_file(state: Path) -> Path:
    """While it exists the backend imports but opens nothing."""
    return state / "run" / "backend.hold"


def fingerprint(program: Program, *, specs: Sequence[ServiceSpec], build: Path) -> dict[str, str]:
    """What the program is made from, by part: its section, its file, and of each service in it variables and files.
    Its priority is left out: it moves with every other service, and is only the order in which all are shut down."""
    options = {key: value for key, value in program.options.items() if key != "priority"}
    parts = {"definition": digest.of(repr(sorted(options.items())).encode())}
    if any(spec.server for spec in specs):
        parts["version of nself"] = __version__
    for spec in specs:
        pairs = sorted({**spec.env, **spec.secrets}.items())
        parts[f"variables of {spec.name}"] = digest.of(repr(pairs).encode())
        service = replicas.service_of(spec.name)
        for folder in (build / service, build / SECRETS / service):
            for file in sorted(folder.rglob("*")):
                if file.is_file():
                    parts[f"{spec.name}/{file.name}"] = digest.of(file.read_bytes())
    parts["program"] = _identity(program.binary) if program.argv else ""
    return parts


def _identity(binary: Path) -> str:
    """Size and time of the program's file: reading its megabytes at every start would cost more than it tells."""
    try:
        found = binary.stat()
    except OSError:
        return "missing"
    return digest.of(f"{os.fspath(binary)} {found.st_size} {found.st_mtime_ns}".encode())


def _program(name: str, parser: configparser.RawConfigParser) -> Program:
    options = {key: value.replace("%%", "%") for key, value in parser.items(PROGRAM + name)}
    log, directory = options.get("stdout_logfile"), options.get("directory")
    return Program(
        name=name,
        argv=tuple(shlex.split(options.get("command", ""))),
        log=Path(log.replace("%%", "%")) if log else None,  # the one option that supervisor expands twice
        directory=Path(directory) if directory else None,
        options=options,
    )


def _quoted(value: Path) -> str:
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
