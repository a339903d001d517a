"""Change a project's files of settings: every other byte is kept, and nothing is written that would not load."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from nself.actions import active, history
from nself.actions.config.read import source, unknown
from nself.actions.init import token
from nself.actions.project import LARGEST_FILE, find, reader
from nself.errors import ConfigError, ConfigProblemsError, NselfError, Problem, UsageError
from nself.events import Emit, ignore
from nself.host import LocalHost
from nself.model import document, document_insert, dotenv, yaml_text
from nself.model import load as model
from nself.model.cascade import PRIVATE
from nself.model.load import Loaded
from nself.model.project import Environment, Project
from nself.model.schema import masked
from nself.model.sources import Read
from nself.model.spec import Runtime
from nself.records import dataclass
from nself.services.catalogue import catalogue

_ENV_FILE = re.compile(r"\.env(\.[A-Za-z0-9_-]+)*|\.environments/[A-Za-z0-9_-]+/\.env(\.secrets)?")
_NOT_READ = {".env.example", ".env.runtime"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """What `config set` did. `effective` is false when a stronger layer still says otherwise: `winner` names it."""

    key: str
    value: str = field(repr=False)
    file: str
    line: int
    previous: str | None = field(repr=False)
    effective: bool
    winner: str | None
    backup: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    file: str
    imported: tuple[str, ...]
    unchanged: tuple[str, ...]
    backup: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    file: str
    changed: bool
    backup: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """Names of secrets, never their values."""

    file: str
    generated: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Target:
    """The project to change, as the command line names it."""

    directory: Path
    environ: Mapping[str, str]
    host: LocalHost
    env: str | None = None
    runtime: Runtime | None = None
    """The one the command line names; None: what runs, else what nself.yml says."""
    force: bool = False
    """Write unknown keys, and values that would not load."""
    backup: bool = True
    emit: Emit = ignore

    @property
    def root(self) -> Path:
        return find(self.directory, self.host)

    def inspect(self, replaced: Mapping[str, str] | None = None) -> Loaded:
        """The project as it would be with the texts of some files replaced."""
        root = self.root
        read = _with(reader(root, self.host), replaced or {})
        runtime = self.runtime or active.runtime(root, self.host)
        return model.load(root, read=read, environ=self.environ, services=catalogue(), env=self.env, runtime=runtime)


def set_value(target: Target, key: str, value: str, *, file: str | None = None) -> Set:
    """Set one key, in the file that says it now, else in the one it belongs to."""
    with target.host.hold(target.root, wait_s=5):
        before = target.inspect()
        name = _settable(before, key, target)
        chosen = _checked_file(file) if file else _home(before, name)
        text = _text(target, chosen)
        written = _spelling(text, chosen, name, before)
        changed = dotenv.assign(text, chosen, written, _literal(key, value))
        try:
            after, copy = write(target, chosen, text, changed, f"set {name}")
        except ConfigProblemsError as error:
            raise refused(error) from None
    old, new = before.cascade.values.get(name), after.cascade.values[name]
    mask = masked if before.schema.is_secret(name) else str
    mine = next(each for each in reversed(after.cascade.explain(name)) if each.file == chosen)
    return Set(
        key=name,
        value=mask(mine.text),
        file=chosen,
        line=mine.line or 0,
        previous=mask(old.text) if old else None,
        effective=(new.file, new.line) == (mine.file, mine.line),
        winner=None if (new.file, new.line) == (mine.file, mine.line) else source(new),
        backup=copy,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One file of the project as it is and as it is to be."""

    file: str
    old: str = field(repr=False)
    new: str = field(repr=False)


def variable_edits(target: Target, pairs: Mapping[str, str]) -> list[Edit]:
    """What sets these variables, each in the file that says it now, else where it belongs. Nothing is written."""
    loaded = target.inspect()
    texts: dict[str, str] = {}
    for key, value in pairs.items():
        chosen = _home(loaded, key)
        before = texts.get(chosen) or _text(target, chosen)
        texts[chosen] = dotenv.assign(before, chosen, _spelling(before, chosen, key, loaded), value)
    return [Edit(file=file, old=_text(target, file), new=text) for file, text in texts.items()]


def document_edits(target: Target, pairs: Mapping[tuple[str, ...], str]) -> list[Edit]:
    """What sets these values in nself.yml, comments and all else as they are. Nothing is written."""
    file = target.inspect().document.file or document.FILES[0]
    old = new = _as_it_is(target, file)
    try:
        for keys, value in pairs.items():
            new = yaml_text.assign(new, keys, value)
    except yaml_text.UneditableError as error:
        raise ConfigError(
            f"{file} is written in a way that cannot be changed from here: {error}",
            fixes=[f"write it yourself: {key}: {value}" for key, value in _dotted(pairs)],
        ) from None
    return [Edit(file=file, old=old, new=new)]


def insert_entry(
    target: Target, before: Loaded, section: str, name: str, fields: Mapping[str, str], what: str
) -> tuple[str, Loaded]:
    """Write an entry of `services:` or `frontends:` into nself.yml: (the file, the project with it). Values in
    `fields` are written as they are. Refused when the file means anything else afterwards than that."""
    file = before.document.file or document.FILES[0]
    old = _as_it_is(target, file)
    new = document_insert.insert(old or document_insert.EMPTY, section, name, fields)
    if new is None or not _differs_by(name, section, before, target.inspect({file: new})):
        raise ConfigError(
            f"{file} is written in a way that leaves no place for an entry to be added by itself",
            fixes=[f"add below `{section}:`:\n" + "\n".join(document_insert.entry(name, fields))],
        )
    try:
        after, _ = write(target, file, old, new, what)
    except ConfigProblemsError as error:
        raise refused(error) from None
    return file, after


def remove_entry(target: Target, before: Loaded, section: str, name: str) -> Edit:
    """What takes an entry out of nself.yml, with the comments that belong to it. Nothing is written."""
    file = before.document.file or document.FILES[0]
    old = _as_it_is(target, file)
    new = document_insert.remove(old, section, name)
    if new is None or not _differs_by(name, section, target.inspect({file: new}), before):
        raise ConfigError(
            f"{file} is written in a way that an entry cannot be taken out of by itself",
            fixes=[f"remove {section}.{name} yourself"],
        )
    return Edit(file=file, old=old, new=new)


def _as_it_is(target: Target, file: str) -> str:
    path = target.root / file
    return target.host.read(path, limit=LARGEST_FILE) if target.host.exists(path) else ""


def _differs_by(name: str, section: str, less: Loaded, more: Loaded) -> bool:
    """Whether the one nself.yml means what the other does, and this one entry more."""

    def meaning(loaded: Loaded) -> dict[str, dict[str, object]]:
        return {
            each: {entry.name: (entry.texts, entry.env) for entry in getattr(loaded.document, each)}
            for each in document.LISTS
        }

    small, large = meaning(less), meaning(more)
    added = large[section].pop(name, None)
    return added is not None and small == large and less.document.settings == more.document.settings


def _dotted(pairs: Mapping[tuple[str, ...], str]) -> list[tuple[str, str]]:
    return [(".".join(keys), value) for keys, value in pairs.items()]


def apply(target: Target, edits: Sequence[Edit], what: str) -> None:
    """Write them, unless the project would not load with them or someone else changed a file meanwhile."""
    with target.host.hold(target.root, wait_s=5):
        for edit in edits:
            if _as_it_is(target, edit.file) != edit.old:
                raise ConfigError(f"{edit.file} was changed by someone else meanwhile", fixes=["try again"])
        for edit in edits:
            write(target, edit.file, edit.old, edit.new, what)


def import_file(target: Target, given: str, *, file: str | None = None) -> Imported:
    """Set every key of another env file's text; all of them or none."""
    parsed = dotenv.parse(given, "the imported file")
    if parsed.problems:
        raise ConfigProblemsError(parsed.problems)
    with target.host.hold(target.root, wait_s=5):
        before = target.inspect()
        chosen = _checked_file(file) if file else ".env"
        old = text = _text(target, chosen)
        imported: list[str] = []
        unchanged: list[str] = []
        for entry in parsed.entries:
            name = _settable(before, entry.key, target)
            value = "".join(part if isinstance(part, str) else _reference(part) for part in entry.parts)
            changed = dotenv.assign(text, chosen, _spelling(text, chosen, name, before), value)
            (unchanged if changed == text else imported).append(name)
            text = changed
        _, copy = write(target, chosen, old, text, f"import {len(imported)} settings")
    return Imported(file=chosen, imported=tuple(imported), unchanged=tuple(unchanged), backup=copy)


def current_text(target: Target, file: str) -> str:
    """What an editor is to show."""
    return _text(target, _checked_file(file))


def env_files(target: Target) -> list[str]:
    """The project's env files, of every environment."""
    root, names = target.root, (".env*", ".environments/*/.env*")
    found = [str(path.relative_to(root)) for name in names for path in target.host.glob(root, name)]
    return sorted(file for file in found if _ENV_FILE.fullmatch(file) and file not in _NOT_READ)


def replace_text(target: Target, file: str, old: str, new: str) -> Edited:
    """Put an edited text in place of `old`, unless someone else changed the file meanwhile or it would not load."""
    with target.host.hold(target.root, wait_s=5):
        chosen = _checked_file(file)
        if _text(target, chosen) != old:
            raise ConfigError(f"{chosen} was changed by someone else while you edited it", fixes=["edit it again"])
        if new == old:
            return Edited(file=chosen, changed=False, backup=None)
        _, copy = write(target, chosen, old, new, f"edit {chosen}")
    return Edited(file=chosen, changed=True, backup=copy)


def generate_secrets(
    target: Target,
    *,
    file: str | None = None,
    only: Collection[str] | None = None,
    token: Callable[[int], str] = token,
) -> Generated:
    """Make the secrets that are missing, or those of `only`. What is there stays: data was made with it."""
    with target.host.hold(target.root, wait_s=5):
        before = target.inspect()
        chosen = _checked_file(file) if file else _secrets_file(before.env)
        old = text = _text(target, chosen)
        made = before.schema.generated()
        wanted = {name: made[name] for name in made if only is None or name in only}
        values = before.cascade.values
        missing = [name for name in wanted if name not in values or not values[name].text]
        for name in missing:
            text = dotenv.assign(text, chosen, name, token(wanted[name]))
        if missing:
            write(target, chosen, old, text, f"make {', '.join(missing)}")
    return Generated(file=chosen, generated=tuple(missing), kept=tuple(name for name in wanted if name not in missing))


def refused(error: ConfigProblemsError) -> ConfigProblemsError:
    """The problems of a value that was never written: the lines they would be in do not exist."""
    return ConfigProblemsError(
        [Problem(path=each.path, message=each.message, hint=each.hint) for each in error.problems],
        fixes=["choose another value: nothing was written", "nself config validate"],
    )


def _settable(loaded: Loaded, key: str, target: Target) -> str:
    if not dotenv.KEY.fullmatch(key):
        raise UsageError(f"{key!r} cannot be a variable's name", fixes=["nself config set KEY VALUE"])
    name = loaded.schema.canonical(key)
    known = loaded.schema.knows(name) or loaded.schema.passes_through(name) or name in loaded.cascade.values
    if not known and not target.force:
        error = unknown(loaded.schema, key, loaded.cascade.values)
        raise ConfigError(error.message, fixes=[*error.fixes, f"--force sets {key} for your own programs"])
    return name


def _literal(key: str, value: str) -> str:
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise UsageError(f"the value of {key} holds characters that no env file can carry")
    return value


def _home(loaded: Loaded, name: str) -> str:
    """The env file whose value wins now; for a new key the one it belongs to."""
    value = loaded.cascade.values.get(name)
    if value is not None and value.file and _ENV_FILE.fullmatch(value.file):
        return value.file
    return _secrets_file(loaded.env) if loaded.schema.is_secret(name) else ".env"


def _secrets_file(env: Environment) -> str:
    return ".env" if env is Environment.DEV else ".env.secrets"


def _checked_file(file: str) -> str:
    name = Path(file).as_posix()
    if not _ENV_FILE.fullmatch(name) or name in _NOT_READ:
        raise UsageError(
            f"{file} is not one of a project's env files", fixes=["--file .env", "--file .environments/prod/.env"]
        )
    return name


def _spelling(text: str, file: str, name: str, loaded: Loaded) -> str:
    """The name under which the file already sets this key: an alias stays, it must not be set twice."""
    written = [entry.key for entry in dotenv.parse(text, file).entries]
    return next((key for key in reversed(written) if loaded.schema.canonical(key) == name), name)


def write(target: Target, file: str, old: str, new: str, what: str) -> tuple[Loaded, str | None]:
    """Write, unless that would bring problems that are not there now; returns the project and the copy of `old`."""
    known = {str(problem) for problem in _without_lines(target.inspect().problems)}
    after = target.inspect({file: new})
    added = [
        problem
        for problem, plain in zip(after.problems, _without_lines(after.problems), strict=True)
        if str(plain) not in known
    ]
    if added and not target.force:
        raise ConfigProblemsError(added)
    copy = _backup(target, file, old) if target.backup and old else None
    entry = history.Entry("config", what, {"file": file})
    with history.recorded(_place(target, after), target.host, target.emit, entry):
        target.host.write((target.root / file).resolve(), new, mode=0o600 if PRIVATE.fullmatch(file) else 0o644)
    return after, copy


def _place(target: Target, loaded: Loaded) -> Project:
    """The project for the history, which wants to know where and for which environment, mistakes or not."""
    return loaded.project or Project(root=target.root, name="", env=loaded.env, base_domain="")


def _backup(target: Target, file: str, text: str) -> str:
    stamp = target.host.now().strftime("%Y%m%dT%H%M%S%fZ")
    path = f".nself/backups/config-{stamp}/{file}"
    target.host.write(target.root / path, text, mode=0o600)
    return path


def _text(target: Target, file: str) -> str:
    path = target.root / file
    if not target.host.exists(path):
        return ""
    text = target.host.read(path, limit=LARGEST_FILE)
    problems = dotenv.parse(text, file).problems
    if problems and not target.force:
        raise ConfigProblemsError(problems)
    return text


def _without_lines(problems: Iterable[Problem]) -> Sequence[Problem]:
    """An edit moves lines: a problem that only moved is not a new one."""
    return [Problem(path=each.path, message=re.sub(r"\bline \d+", "line", each.message)) for each in problems]


def _with(read: Read, replaced: Mapping[str, str]) -> Read:
    return lambda file: replaced[file] if file in replaced else read(file)


def _reference(part: dotenv.Reference) -> str:
    raise NselfError(f"the imported file refers to ${{{part.name}}}: write the value out", fixes=["nself config edit"])
