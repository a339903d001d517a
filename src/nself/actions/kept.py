"""A project as the command before found it, for as long as it would be found just so again.

Reading a project takes half of a short command: its files are parsed, and checked by the rules of every service there
is. What comes of it depends on those files, on the environment and on nself itself, so what was seen of all three is
kept with it. The next command looks at the same places first, and believes what was kept if it sees the same there.
"""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import nself
from nself.errors import NselfError
from nself.host import LocalHost
from nself.model.layout import INIT_JOURNAL, Layout
from nself.model.project import Project
from nself.model.spec import Runtime
from nself.records import dataclass

if TYPE_CHECKING:
    from nself.model.load import Loaded

Asked = tuple[str | None, Runtime | None]
"""What the command line says of the environment and the runtime."""
Stamps = Mapping[str, tuple[int, int] | None]
"""{file or folder: when it was changed last, and its size}; None for what is not there. Nobody but the kernel sets that
time, and it changes with the permissions, too."""
FRESH_NS = 1_000_000_000
"""What changed that shortly before it was read may change again without another time, so coarse are clocks of files."""
VERSION = (nself.__version__, sys.version)
_TABLES = ("services/*.toml", "templates/services/*/template.toml")
"""What nself says of services beside its modules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that had a say in what a project's files came to."""

    asked: Asked
    root: str
    texts: Mapping[str, str | None] = field(repr=False)
    """{path below the root: what the file says} of every file that was looked for; None where there is none."""
    modes: Mapping[str, int]
    names: frozenset[str]
    """Of all environment variables: a new one may mean something."""
    variables: Mapping[str, str | None] = field(repr=False)
    """Those that were asked for."""
    metadata: Stamps
    """The files that say which variables the GraphQL service is given."""
    code: Stamps
    """The modules that were loaded, be they nself's or a plugin's, and nself's tables."""
    packages: Stamps
    """The folders where modules are looked for, in order: a new plugin changes one."""
    version: tuple[str, str] = VERSION


@dataclass(kw_only=True)
class Kept:
    """A loaded project, what was seen on the way (None: too much to keep), and what of it is on disk already."""

    project: Project
    seen: Seen | None
    known: Mapping[str, object] = field(default_factory=dict)


class Witness(Mapping[str, str]):
    """Environment variables that remember which of them were asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.asked: dict[str, str | None] = {}

    def __getitem__(self, name: str) -> str:
        self.asked[name] = self.environ.get(name)
        return self.environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.environ)

    def __len__(self) -> int:
        return len(self.environ)


def load(directory: Path, environ: Mapping[str, str], host: LocalHost, asked: Asked) -> Kept:
    """The project of `directory` or the nearest folder above it. Raises every problem of its files at once."""
    start = directory.resolve()
    known = found(start, environ, host, asked)
    if known is not None:
        return known
    # It brings the whole model and every service: what there is to save.
    from nself.actions import project

    witness = Witness(environ)
    loaded = project.inspect(start, witness, env=asked[0], host=host, runtime=asked[1])
    return Kept(project=loaded.checked(), seen=_seen(loaded, loaded.checked(), witness, host, asked))


def found(root: Path, environ: Mapping[str, str], host: LocalHost, asked: Asked) -> Kept | None:
    """What was left of the project in `root`, if it would be found just so again."""
    data = host.read_own(Layout(root).kept)
    if data is None:
        return None
    try:
        seen, project, derived = _Records(io.BytesIO(data)).load()
        if not _holds(seen, root, environ, host, asked):
            return None
        project.derived.update(derived)
    except Exception:  # noqa: BLE001 - another version wrote it, or half of it: the project's files say it all again
        return None
    return Kept(project=project, seen=seen, known=derived)


def keep(kept: Kept, host: LocalHost) -> None:
    """Leave it to the next command, if this one learnt more than it found."""
    project = kept.project
    if kept.seen is None or all(kept.known.get(what) is made for what, made in project.derived.items()):
        return
    seen = replace(kept.seen, code=_stamps(_code()), packages=_stamps(sys.path))
    if host.exists(project.layout.state) and not _is_fresh(seen, host):
        host.write_own(project.layout.kept, pickle.dumps((seen, replace(project), project.derived)))


def _seen(loaded: Loaded, project: Project, witness: Witness, host: LocalHost, asked: Asked) -> Seen | None:
    """None where more than this has a say: without nself.yml any .env* may make another folder the project's, built
    frontends are looked for on the disk, and services of plugins may look anywhere."""
    from nself.services.catalogue import catalogue

    ours = all(service.spec.__module__.startswith("nself.") for service in catalogue().values())
    if loaded.document.file is None or project.frontends or not ours:
        return None
    root, marker = project.root, project.layout.runtime
    started_on = host.read(marker) if host.exists(marker) else None
    texts = {**loaded.texts, INIT_JOURNAL: None, str(marker.relative_to(root)): started_on}
    return Seen(
        asked=asked,
        root=str(root),
        texts=texts,
        modes=_modes(root, texts, host),
        names=frozenset(witness),
        variables=witness.asked,
        metadata=_metadata(root),
        code={},
        packages={},
    )


def _is_fresh(seen: Seen, host: LocalHost) -> bool:
    stamps = [*seen.metadata.values(), *seen.code.values(), *seen.packages.values()]
    latest = max((stamp[0] for stamp in stamps if stamp), default=0)
    return latest > host.now().timestamp() * 1e9 - FRESH_NS


class _Records(pickle.Unpickler):
    """Makes records of the model and nothing else, whatever the file asks for."""

    def find_class(self, module: str, name: str) -> type:
        plain = (module, name) in {(__name__, "Seen"), ("nself.errors", "Problem"), ("pathlib", "PosixPath")}
        found = super().find_class(module, name) if plain or module.startswith("nself.model.") else None
        if not isinstance(found, type):
            raise pickle.UnpicklingError(f"{module}.{name} is no record")
        return found


def _holds(seen: Seen, root: Path, environ: Mapping[str, str], host: LocalHost, asked: Asked) -> bool:
    """Whether everything would be seen again."""
    return (
        seen.version == VERSION
        and seen.asked == asked
        and seen.root == str(root)
        and seen.names == frozenset(environ)
        and all(environ.get(name) == text for name, text in seen.variables.items())
        and all(_says(root / file, text, host) for file, text in seen.texts.items())
        and _modes(root, seen.texts, host) == seen.modes
        and _metadata(root) == seen.metadata
        and list(seen.packages) == list(dict.fromkeys(sys.path))
        and _stamps(seen.packages) == seen.packages
        and _stamps(seen.code) == seen.code
    )


def _says(path: Path, text: str | None, host: LocalHost) -> bool:
    if text is None:
        return not os.path.lexists(path)
    try:
        return host.exists(path) and host.read(path, limit=len(text.encode())) == text
    except NselfError:
        return False


def _modes(root: Path, texts: Mapping[str, str | None], host: LocalHost) -> dict[str, int]:
    return {file: host.mode(root / file) for file, text in texts.items() if text is not None}


def _metadata(root: Path) -> Stamps:
    return _stamps(map(str, (root / "metadata").rglob("*.yaml")))


def _code() -> list[str]:
    """The files of what is loaded and not Python's own, and the tables."""
    foreign = [module for name, module in sys.modules.items() if name.split(".")[0] not in sys.stdlib_module_names]
    files = {file for module in foreign if (file := getattr(module, "__file__", None))}
    package = Path(nself.__file__).parent
    return sorted({*files, *(str(file) for tables in _TABLES for file in package.glob(tables))})


def _stamps(paths: Iterable[str]) -> dict[str, tuple[int, int] | None]:
    return {path: _stamp(path) for path in paths}


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - of some hundred files, each command again
    except OSError:
        return None
    return found.st_ctime_ns, found.st_size
