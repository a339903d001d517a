"""Create a project in a folder, whole or not at all."""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from nself.actions import history, scaffold
from nself.actions.project import LARGEST_FILE, check_name, find, is_project
from nself.actions.scaffold import Mode, Wish
from nself.errors import ConfigError, NselfError, UsageError
from nself.events import Emit, Note, ignore
from nself.host import Host, LocalHost
from nself.model import dotenv
from nself.model.checks import suggested
from nself.model.keys import HOST_PATTERN, NAME_PATTERN
from nself.model.layout import INIT_JOURNAL as JOURNAL
from nself.model.project import Environment, Project
from nself.model.schema import Schema, gather
from nself.model.spec import Runtime
from nself.records import dataclass
from nself.services.catalogue import settings_classes

PRIVATE = frozenset({".env", ".env.secrets", JOURNAL})
LAST = (".env", "nself.yml")
"""What makes a folder a project is written last: until then there is none to mistake for a whole one."""
_OURS = frozenset({"nself.yml", ".env", ".env.example"})
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What `init` did. Paths are relative to the project."""

    __not_json__ = ("root", "next")

    project: str
    domain: str
    env: Environment
    mode: Mode
    runtime: Runtime
    created: tuple[str, ...]
    skipped: tuple[str, ...]
    backed_up: tuple[str, ...]
    root: Path
    next: tuple[str, ...] = ()


@dataclass
class _Change:
    """What is to be written, and what stood there before."""

    writes: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


def token(length: int) -> str:
    """A random secret that needs no quotes anywhere: not in an env file, a shell, a URL or JSON."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def init(
    root: Path,
    wish: Wish,
    host: LocalHost,
    *,
    force: bool = False,
    git: bool = True,
    token: Callable[[int], str] = token,
    emit: Emit = ignore,
) -> Initialised:
    """Write the project. On any failure everything is as it was before."""
    root = root.resolve()
    check_wish(wish)
    with host.hold(next(folder for folder in (root, *root.parents) if host.exists(folder))):
        recover(root, host, emit)
        check_place(root, host, force=force)
        schema = gather(settings_classes())
        checkout = not force and is_checkout(root, host)
        change = _plan(root, wish, schema, host, force=force, git=git, token=token)
        backed_up = _write(root, change, host)
        _record(root, wish, host, emit)
    return Initialised(
        project=wish.name,
        domain=wish.domain,
        env=wish.env,
        mode=wish.mode,
        runtime=wish.runtime,
        created=tuple(sorted(path for path in change.writes if path not in change.before)),
        skipped=tuple(sorted(change.skipped)),
        backed_up=tuple(backed_up),
        root=root,
        next=("nself start", "nself urls") if checkout else _next(wish),
    )


def _record(root: Path, wish: Wish, host: LocalHost, emit: Emit) -> None:
    """The first line of the project's history. A failed init leaves none: there is no project to have one."""
    project = Project(root=root, name=wish.name, env=wish.env, base_domain=wish.domain)
    with history.recorded(project, host, emit, history.Entry("init", f"init {wish.name}", {"mode": wish.mode.value})):
        pass


def _next(wish: Wish) -> tuple[str, ...]:
    images = ("nself build --images",) if wish.runtime is Runtime.COMPOSE else ()
    if wish.mode is Mode.DEMO:
        look = ("open the page at app.<domain>: nself urls", "take apart metadata/, functions/, services/")
        return (*images, "nself start", *look)
    return ("edit nself.yml and .env", *images, "nself start", "nself urls")


def default_name(root: Path) -> str:
    """The folder's own name when it can be a project's; else UsageError with the nearest that can."""
    name = root.resolve().name
    if not re.fullmatch(NAME_PATTERN, name):
        raise UsageError(
            f"this folder's name, {name!r}, cannot be the project's: lower-case letters, digits, - and _ only",
            fixes=[f"nself init --name {suggested(name)}"],
        )
    return name


def check_wish(wish: Wish) -> None:
    if not re.fullmatch(NAME_PATTERN, wish.name):
        raise UsageError(
            f"{wish.name!r} cannot be a project's name: at most 50 lower-case letters, digits, - and _, a letter first",
            fixes=[f"nself init --name {suggested(wish.name)}"],
        )
    if not re.fullmatch(HOST_PATTERN, wish.domain):
        raise UsageError(f"{wish.domain!r} is not a domain name", fixes=["nself init --domain localhost"])


def is_checkout(root: Path, host: Host) -> bool:
    """Whether it is a project as version control keeps it: all but the env files, which hold a machine's secrets."""
    env_files = {path.name for path in host.glob(root, ".env*")} - {".env.example"}
    return is_project(root, host) and not env_files


def check_place(root: Path, host: Host, *, force: bool) -> None:
    """Refuse nself's own source tree, a folder whose name no file could hold, and a project that is there already
    unless forced. One that lacks its env files may have them."""
    check_name(root)
    for folder in (root, *root.parents):
        inside = root.relative_to(folder).parts[:1]
        if host.exists(folder / "src/nself/__init__.py") and (not inside or inside[0] in {"src", "tests", "docs"}):
            raise ConfigError(
                f"{root} is inside nself's own source tree", fixes=["mkdir my-project && cd my-project && nself init"]
            )
    if force:
        return
    try:
        existing = find(root, host)
    except ConfigError:
        return
    if existing == root and is_checkout(root, host):
        return
    where = "this folder" if existing == root else str(existing)
    raise ConfigError(
        f"{where} is an nself project already",
        fixes=["nself start", "nself init --force writes its settings anew and keeps copies of the old ones"],
    )


def recover(root: Path, host: Host, emit: Emit = ignore) -> None:
    """Take back what an `init` that was killed left behind."""
    if not host.exists(root / JOURNAL):
        return
    emit(Note("an earlier init was interrupted: what it wrote is taken back first"))
    try:
        journal = json.loads(host.read(root / JOURNAL))
    except ValueError as error:
        raise ConfigError(
            f"{root / JOURNAL} is damaged", fixes=[f"look at the files here, then rm {JOURNAL}"]
        ) from error
    _take_back(root, journal, host)


def _plan(
    root: Path, wish: Wish, schema: Schema, host: Host, *, force: bool, git: bool, token: Callable[[int], str]
) -> _Change:
    """Which files to write. What the user has stays theirs, save the settings of a project that is made anew."""
    change = _Change()
    anew = force and is_project(root, host)
    contents = scaffold.contents(wish)
    if not force and is_checkout(root, host):
        _check_contents(wish)
        contents = {}
    for path, text in contents.items():
        _add(change, root, path, text, host, replace=anew and (path in _OURS or wish.mode is Mode.DEMO))
    old = _read(root / ".env", host)
    env_text = scaffold.main_env(wish, schema, token, _secrets(old, schema))
    if old and not anew:
        env_text = scaffold.with_missing(old, env_text)
    _add(change, root, ".env", env_text, host, replace=True)
    _add(change, root, ".env.example", scaffold.example(wish, schema), host, replace=anew)
    if git:
        _add(change, root, ".gitignore", scaffold.gitignore(_read(root / ".gitignore", host)), host, replace=True)
    return change


def _check_contents(wish: Wish) -> None:
    if wish.mode is not Mode.MINIMAL:
        raise ConfigError(
            "this folder is an nself project already: all that it can be given is its .env",
            fixes=["nself init --yes", f"nself init --{wish.mode} --force writes its settings anew and keeps copies"],
        )


def _add(change: _Change, root: Path, path: str, text: str, host: Host, *, replace: bool) -> None:
    if not host.exists(root / path):
        change.writes[path] = text
        return
    if not replace:
        change.skipped.append(path)
        return
    old = _read(root / path, host)
    if old == text:
        change.skipped.append(path)
        return
    change.writes[path], change.before[path] = text, old


def _write(root: Path, change: _Change, host: Host) -> list[str]:
    """Write everything or nothing; returns the paths of the copies of what was replaced."""
    copies = _copies(change, host)
    order = [*copies, *sorted(path for path in change.writes if path not in LAST)]
    order += [path for path in LAST if path in change.writes]
    created = [path for path in order if path not in change.before]
    journal = {"created": created, "folders": _new_folders(root, created, host), "before": change.before}
    texts = {**change.writes, **copies}
    try:
        host.write(root / JOURNAL, json.dumps(journal), mode=0o600)
        for path in order:
            host.write(root / path, texts[path], mode=_mode(path))
    except BaseException:
        # Should this fail too, the journal stays and the next init finishes it: the first cause is what to report.
        with suppress(NselfError):
            _take_back(root, journal, host)
        raise
    host.remove(root / JOURNAL)
    return sorted(copies)


def _take_back(root: Path, journal: Mapping[str, object], host: Host) -> None:
    """Undo what the journal says. New files go first: that makes room, should the disk be full."""
    created, folders, before = journal["created"], journal["folders"], journal["before"]
    assert isinstance(created, list) and isinstance(folders, list) and isinstance(before, dict)
    for path in reversed(created):
        if host.exists(root / path):
            host.remove(root / path)
    for path, text in before.items():
        host.write(root / path, text, mode=_mode(path))
    for folder in reversed(folders):
        if folder == ".":
            host.remove(root / JOURNAL)
        if host.exists(root / folder) and not host.glob(root / folder, "*"):
            host.remove(root / folder)
    host.remove(root / JOURNAL)


def _copies(change: _Change, host: Host) -> dict[str, str]:
    """Copies of the settings that are about to be replaced. `.gitignore` only grows, and git has it anyway."""
    stamp = host.now().strftime("%Y%m%dT%H%M%SZ")
    replaced = {path: text for path, text in change.before.items() if path != ".gitignore"}
    return {f".nself/backups/init-{stamp}/{path}": text for path, text in replaced.items()}


def _new_folders(root: Path, created: list[str], host: Host) -> list[str]:
    """Folders that do not exist yet and will, outermost first; `.` when the project's own is one of them."""
    wanted = {parent for path in created for parent in Path(path).parents}
    return [folder.as_posix() for folder in sorted(wanted) if not host.exists(root / folder)]


def _mode(path: str) -> int:
    return 0o600 if Path(path).name in PRIVATE else 0o644


def _read(path: Path, host: Host) -> str:
    return host.read(path, limit=LARGEST_FILE) if host.exists(path) else ""


def _secrets(text: str, schema: Schema) -> dict[str, str]:
    """Secrets of an older `.env`: the data was made with them, new ones would lock the user out of it."""
    entries = dotenv.parse(text, ".env").entries
    literal = {entry.key: entry.parts[0] for entry in entries if len(entry.parts) == 1}
    return {name: part for name in schema.generated() if isinstance(part := literal.get(name), str)}
