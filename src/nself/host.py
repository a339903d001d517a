"""The one door to the machine: run programs, touch files, know the time. What to run is decided elsewhere.

`LocalHost` is this machine; `fake_host.FakeHost` remembers what it was asked and answers from a script.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol

from nself import locks
from nself.errors import NselfError, PermissionDeniedError, ProgramMissingError, TimedOutError

if TYPE_CHECKING:
    from datetime import datetime

    from nself.events import Emit

LONGEST_LINE = 1024 * 1024

# Every command opens this door; what only some of them need is imported where it is used, to keep start-up quick.


class Ran(NamedTuple):
    """How a program ended. `exit_code` is negative for a signal, as in subprocess."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        return self.exit_code == 0


class Host(Protocol):
    """What may be asked of a machine. Secrets go through `stdin` or `env`, never through `argv`."""

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout_s: float | None = None,
    ) -> Ran:
        """Run to the end and capture. Raises only when the program cannot be started or runs out of time."""
        ...

    def start(self, argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None, cwd: Path) -> int:
        """Start a program that outlives us, its output going to `log`; returns its pid."""
        ...

    def which(self, program: str) -> Path | None: ...
    def read(self, path: Path, *, limit: int | None = None) -> str:
        """The text of a regular file. Larger than `limit` bytes, not UTF-8, a folder or a pipe is an error."""
        ...

    def write(self, path: Path, text: str, *, mode: int = 0o644) -> None: ...
    def exists(self, path: Path) -> bool: ...
    def mode(self, path: Path) -> int:
        """Permission bits, of what a link leads to."""
        ...

    def remove(self, path: Path) -> None: ...
    def move(self, path: Path, to: Path) -> None: ...
    def glob(self, folder: Path, pattern: str) -> list[Path]: ...
    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...
    def port_is_free(self, port: int, *, address: str = "127.0.0.1") -> bool: ...


class LocalHost:
    """This machine. File writes are atomic: a reader sees the old text or the new, whatever kills us in between."""

    def __init__(self, emit: Emit | None = None) -> None:
        self.emit = emit

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout_s: float | None = None,
    ) -> Ran:
        import subprocess

        began = time.monotonic()
        try:
            done = subprocess.run(
                list(argv),
                input=stdin,
                env=env,
                cwd=cwd,
                timeout=timeout_s,
                text=True,
                errors="replace",
                capture_output=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise ProgramMissingError(f"{argv[0]} is not installed", fixes=["nself doctor"]) from error
        except PermissionError as error:
            raise PermissionDeniedError(f"{argv[0]} may not be run: {error.strerror}") from error
        except subprocess.TimeoutExpired as error:
            raise TimedOutError(f"{argv[0]} did not finish within {timeout_s:g} s") from error
        ran = Ran(tuple(argv), done.returncode, done.stdout, done.stderr)
        if self.emit:
            from nself.events import ProgramRan

            self.emit(ProgramRan(ran.argv, ran.exit_code, int((time.monotonic() - began) * 1000)))
        return ran

    def start(self, argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None, cwd: Path) -> int:
        import subprocess

        with log.open("ab") as out:
            started = subprocess.Popen(
                list(argv), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=cwd, start_new_session=True
            )
        return started.pid

    def follow(
        self,
        argv: Sequence[str],
        *,
        on_line: Callable[[str], None],
        stdin: Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> int:
        """Run to the end, handing over each line as it is printed, on either stream; returns the exit code.

        Leaving early, by Ctrl-C or an error of `on_line`, ends the program too."""
        import subprocess

        with _explained(Path(argv[0]), "run"), open(stdin or os.devnull, "rb") as source:  # noqa: PTH123
            try:
                program = subprocess.Popen(
                    list(argv),
                    stdin=source,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env=env,
                    cwd=cwd,
                    text=True,
                    errors="replace",
                )
            except FileNotFoundError as error:
                raise ProgramMissingError(f"{argv[0]} is not installed", fixes=["nself doctor"]) from error
        assert program.stdout is not None
        try:
            with program.stdout as lines:
                for line in lines:
                    on_line(line.rstrip("\r\n"))
            return program.wait()
        finally:
            if program.poll() is None:
                program.terminate()
                program.wait()

    def lines(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> Iterator[str]:
        """What a program prints on either stream, as it prints it; one whose reader leaves is ended. A line is cut
        where it is longer than any memory should hold."""
        import subprocess

        with _explained(Path(argv[0]), "run"):
            program = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=env,
                text=True,
                errors="replace",
            )
        assert program.stdout is not None
        try:
            with program.stdout as said:
                while line := said.readline(LONGEST_LINE):
                    yield line.rstrip("\r\n")
        finally:
            program.terminate()
            program.wait()

    def run_into(
        self, log: Path, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout_s: float | None = None
    ) -> int:
        """Run to the end, all output going to the end of `log` as it comes; returns the exit code.

        What it makes can be read by others, whatever our own umask: another account may have to run it."""
        import subprocess

        with _explained(log, "written"):
            out = log.open("ab")
        with out:
            try:
                return subprocess.run(
                    list(argv), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=cwd, timeout=timeout_s,
                    umask=0o022, check=False,
                ).returncode  # fmt: skip
            except FileNotFoundError as error:
                raise ProgramMissingError(f"{argv[0]} is not installed", fixes=["nself doctor"]) from error
            except PermissionError as error:
                raise PermissionDeniedError(f"{argv[0]} may not be run: {error.strerror}") from error
            except subprocess.TimeoutExpired as error:
                raise TimedOutError(f"{argv[0]} did not finish within {timeout_s:g} s") from error

    def pour(
        self,
        argv: Sequence[str],
        *,
        into: Path | None = None,
        out_of: Path | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Ran:
        """Run to the end with files for its streams: what it prints goes `into` one (0600), what it reads comes
        `out_of` one. For bytes that no memory should hold; `stdout` of the answer is empty then."""
        import subprocess

        with (
            _explained(into or Path(argv[0]), "written"),
            open(out_of or os.devnull, "rb") as source,  # noqa: PTH123
            open(into or os.devnull, "wb", opener=_private) as target,
        ):
            try:
                done = subprocess.run(
                    list(argv), stdin=source, stdout=target, stderr=subprocess.PIPE, env=env, cwd=cwd, check=False
                )
            except FileNotFoundError as error:
                raise ProgramMissingError(f"{argv[0]} is not installed", fixes=["nself doctor"]) from error
        return Ran(tuple(argv), done.returncode, "", done.stderr.decode(errors="replace"))

    def which(self, program: str) -> Path | None:
        import shutil

        found = shutil.which(program)
        return Path(found) if found else None

    def read(self, path: Path, *, limit: int | None = None) -> str:
        import stat

        with _explained(path, "read"):
            # Without O_NONBLOCK a named pipe would keep us waiting for a writer.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(0, "it is not a regular file")
                data = file.read() if limit is None else file.read(limit + 1)
            if limit is not None and len(data) > limit:
                raise OSError(0, f"it is larger than {limit} bytes")
            try:
                return data.decode("utf-8")
            except UnicodeDecodeError as error:
                line = data.count(b"\n", 0, error.start) + 1
                raise OSError(0, f"it is not UTF-8 text (line {line})") from error

    def write(self, path: Path, text: str, *, mode: int = 0o644) -> None:
        with _explained(path, "written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
            try:
                with open(beside, "x", encoding="utf-8", opener=_private) as file:
                    file.write(text)
                    file.flush()
                    os.fchmod(file.fileno(), mode)
                beside.replace(path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise

    def write_own(self, path: Path, data: bytes) -> None:
        """Bytes for our own later use, not for any other account's. Where they cannot be written nothing is."""
        with suppress(OSError):
            beside = path.with_name(f".{path.name}.{os.getpid()}")
            try:
                with open(beside, "xb", opener=_private) as file:
                    file.write(data)
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)

    def read_own(self, path: Path) -> bytes | None:
        """What `write_own` wrote; None when there is none, or when it is another account's."""
        with suppress(OSError), open(path, "rb", opener=_not_followed) as file:
            found = os.fstat(file.fileno())
            if found.st_uid == os.geteuid() and found.st_mode & 0o7777 == 0o600:
                return file.read()
        return None

    def copy(self, path: Path, to: Path) -> None:
        """Copy a file's bytes and permission bits."""
        import shutil

        with _explained(to, "written"):
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, to)

    def exists(self, path: Path) -> bool:
        try:
            return path.exists()
        except PermissionError:
            # Below a folder we may not look into, nothing is there for us; to write there explains itself.
            return False

    def make_folder(self, path: Path, *, mode: int = 0o755) -> None:
        """A folder and those above it; one that is there is fine."""
        with _explained(path, "created"):
            path.mkdir(mode=mode, parents=True, exist_ok=True)

    def mode(self, path: Path) -> int:
        with _explained(path, "looked at"):
            return path.stat().st_mode & 0o7777

    def remove(self, path: Path) -> None:
        """Remove a file or a whole folder; a missing one is fine."""
        import shutil

        with _explained(path, "removed"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def move(self, path: Path, to: Path) -> None:
        """Replace `to` by `path` at once; both on one file system."""
        with _explained(to, "written"):
            to.parent.mkdir(parents=True, exist_ok=True)
            path.replace(to)

    def glob(self, folder: Path, pattern: str) -> list[Path]:
        with _explained(folder, "listed"):
            return sorted(folder.glob(pattern))

    def now(self) -> datetime:
        from datetime import UTC, datetime

        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def port_is_free(self, port: int, *, address: str = "127.0.0.1") -> bool:
        import socket

        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
        return True

    def alive(self, pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def terminate(self, pid: int, *, hard: bool = False) -> None:
        import signal

        try:
            os.kill(pid, signal.SIGKILL if hard else signal.SIGTERM)
        except ProcessLookupError:
            return

    def replace_process(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> NoReturn:
        """Become another program: its terminal, its signals and its exit code are its own."""
        try:
            os.chdir(cwd)
            os.execvpe(argv[0], list(argv), dict(env))
        except FileNotFoundError as error:
            missing = cwd if not cwd.exists() else argv[0]
            raise ProgramMissingError(
                f"{missing} is not there", fixes=["check the spelling", "nself doctor"]
            ) from error
        except OSError as error:
            raise PermissionDeniedError(f"{argv[0]} may not be run: {error.strerror}") from error

    @contextmanager
    def lock(
        self, path: Path, *, wait_s: float, holder: str, waiting: Callable[[str], None] | None = None
    ) -> Iterator[None]:
        """Hold `path` exclusively. The kernel drops the lock when we die, so a crash cannot wedge it. Who has to wait
        hears once for whom, if that takes more than a moment."""
        with _explained(path, "locked"):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+", encoding="utf-8")
        with file:
            locks.take(file, wait_s=wait_s, holder=holder, waiting=waiting)
            yield

    @contextmanager
    def hold(self, folder: Path, *, wait_s: float = 0) -> Iterator[None]:
        """Keep others who `hold` this folder out, without a file in it; the kernel lets go when we die."""
        with _explained(folder, "locked"):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            deadline = time.monotonic() + wait_s
            while not locks.taken(descriptor):
                if time.monotonic() >= deadline:
                    raise TimedOutError(
                        f"another nself command is at work in {folder}", fixes=["wait for it to finish and try again"]
                    )
                time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)


def free(folder: Path) -> str:
    """`12 MB of 400 MB free`: of the disk a folder is on."""
    from shutil import disk_usage

    found = disk_usage(folder)
    return f"{found.free / 1e6:.0f} MB of {found.total / 1e6:.0f} MB free"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _not_followed(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


@contextmanager
def _explained(path: Path, done: str) -> Iterator[None]:
    """Turn the operating system's refusals into our errors, naming the file and the way out."""
    try:
        yield
    except PermissionError as error:
        # Path's own `exists` raises where it may not look.
        there = next(folder for folder in path.absolute().parents if os.path.exists(folder))  # noqa: PTH110
        raise PermissionDeniedError(
            f"{path} cannot be {done}: permission denied", fixes=[f"check who owns it: ls -ld {there}"]
        ) from error
    except OSError as error:
        if error.errno == errno.EROFS:
            raise PermissionDeniedError(
                f"{path} cannot be {done}: the file system is read-only", fixes=["choose another folder: nself -C DIR"]
            ) from error
        said, fixes = error.strerror or str(error), ["df -h . to see whether the disk is full", "nself doctor"]
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            folder = next(each for each in path.absolute().parents if each.exists())
            said, fixes = f"{said} ({free(folder)})", [f"make room: df -h {folder}", "then run this again"]
        raise NselfError(f"{path} cannot be {done}: {said}", fixes=fixes) from error
