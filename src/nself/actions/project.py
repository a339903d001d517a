"""Find and load the project a command is about. Everything that acts on a project starts here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from nself.actions import active
from nself.errors import ConfigError, NselfError, PermissionDeniedError, Problem
from nself.host import Host, LocalHost
from nself.model import load as model
from nself.model.cascade import PRIVATE
from nself.model.document import FILES
from nself.model.dotenv import parse
from nself.model.layout import INIT_JOURNAL
from nself.model.load import Loaded
from nself.model.project import Project
from nself.model.sources import Read, UnreadableError
from nself.model.spec import Runtime
from nself.services.catalogue import catalogue

UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")
"""Control characters, line separators, and what Python makes of bytes that are not UTF-8."""
LARGEST_FILE = 1024 * 1024
"""Bytes. A settings file beyond this is something else under its name."""


def load(
    directory: Path,
    environ: Mapping[str, str],
    *,
    env: str | None = None,
    overrides: Iterable[tuple[str, str]] = (),
    host: Host | None = None,
    runtime: Runtime | None = None,
) -> Project:
    """The project of `directory` or the nearest folder above it. Raises every problem of its files at once."""
    return inspect(directory, environ, env=env, overrides=overrides, host=host, runtime=runtime).checked()


def inspect(
    directory: Path,
    environ: Mapping[str, str],
    *,
    env: str | None = None,
    overrides: Iterable[tuple[str, str]] = (),
    host: Host | None = None,
    runtime: Runtime | None = None,
) -> Loaded:
    """The same without raising: what its files say and what is wrong with them."""
    machine = host or LocalHost()
    root = find(directory, machine)
    check_name(root)
    loaded = model.load(
        root,
        read=reader(root, machine),
        environ=environ,
        services=catalogue(),
        overrides=overrides,
        env=env,
        runtime=runtime or active.runtime(root, machine),
    )
    return loaded.warned(_open_to_all(loaded, root, machine))


def find(directory: Path, host: Host) -> Path:
    """The nearest folder, from `directory` upwards, that is a project; ConfigError when there is none."""
    start = directory.resolve()
    for folder in (start, *start.parents):
        if host.exists(folder / INIT_JOURNAL):
            raise ConfigError(
                f"{folder} is a half-made project: its init was interrupted",
                fixes=["nself init takes back what is there and begins again"],
            )
        if is_project(folder, host):
            return folder
    raise ConfigError(
        f"there is no nself project in {start} or above it",
        fixes=["nself init", "cd into a project, or name it: nself -C DIR …"],
    )


def check_name(root: Path) -> None:
    """Refuse a folder whose name nobody can write into a file or print on a line; ConfigError says which."""
    wrong = sorted(set(UNWRITABLE.findall(str(root))))
    if wrong:
        raise ConfigError(
            f"a project cannot be in a folder whose name holds {', '.join(ascii(letter) for letter in wrong)}: "
            f"{str(root)!a}",
            fixes=["rename the folder: line breaks, control characters and bytes that are not UTF-8 cannot stay"],
        )


def is_project(folder: Path, host: Host) -> bool:
    """Whether a folder holds nself.yml, or an env file that names a project."""
    if any(host.exists(folder / file) for file in FILES):
        return True
    try:
        return any(_names_a_project(path, host) for path in host.glob(folder, ".env*"))
    except PermissionDeniedError:
        # A folder above that we may not look into is not ours.
        return False


def reader(root: Path, host: Host) -> Read:
    """How the model reads files below `root`: whole, as UTF-8, up to a size."""

    def read(file: str) -> str | None:
        path = root / file
        # A glob lists links that lead nowhere too: those are mistakes, not missing files.
        if path not in host.glob(path.parent, f"{path.name}*"):
            return None
        try:
            return host.read(path, limit=LARGEST_FILE)
        except PermissionDeniedError as error:
            raise UnreadableError(f"cannot be read: permission denied (ls -l {file})") from error
        except NselfError as error:
            raise UnreadableError(error.message.removeprefix(f"{path} ")) from error

    return read


def _open_to_all(loaded: Loaded, root: Path, host: Host) -> list[Problem]:
    """Files with secrets that any user of this machine can read."""
    private = [file for file in loaded.files if PRIVATE.fullmatch(file)]
    return [
        Problem(
            path=file, file=file, message="holds secrets, and every user here can read it", hint=f"chmod 600 {file}"
        )
        for file in private
        if _holds_secrets(loaded, file) and host.mode(root / file) & 0o004
    ]


def _holds_secrets(loaded: Loaded, file: str) -> bool:
    return any(value.file == file and loaded.schema.is_secret(key) for key, value in loaded.cascade.values.items())


def _names_a_project(path: Path, host: Host) -> bool:
    try:
        text = host.read(path, limit=LARGEST_FILE)
    except NselfError:
        # An env file we may not read is still the mark of a project when it is the main one: loading will say why.
        return path.name == ".env"
    return "PROJECT_NAME" in text and any(entry.key == "PROJECT_NAME" for entry in parse(text, path.name).entries)
