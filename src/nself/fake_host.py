"""A `Host` for tests, ours and users': files in memory, programs answering from a script, a clock only sleeps move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path

from nself.errors import NselfError
from nself.host import Ran
from nself.records import dataclass


@dataclass
class FakeHost:
    """A machine that only exists in memory. `answers` maps the start of a command line to how it ends."""

    files: dict[Path, str] = field(default_factory=dict)
    modes: dict[Path, int] = field(default_factory=dict)
    answers: dict[tuple[str, ...], Ran] = field(default_factory=dict)
    programs: dict[str, Path] = field(default_factory=dict)
    busy_ports: set[int] = field(default_factory=set)
    ran: list[tuple[str, ...]] = field(default_factory=list)
    started: list[tuple[str, ...]] = field(default_factory=list)
    clock: float = 1_700_000_000.0

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout_s: float | None = None,
    ) -> Ran:
        self.ran.append(tuple(argv))
        for start, answer in self.answers.items():
            if tuple(argv[: len(start)]) == start:
                return answer
        return Ran(tuple(argv), 0, "", "")

    def start(self, argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None, cwd: Path) -> int:
        self.started.append(tuple(argv))
        return 10_000 + len(self.started)

    def which(self, program: str) -> Path | None:
        return self.programs.get(program)

    def read(self, path: Path, *, limit: int | None = None) -> str:
        if path not in self.files:
            raise NselfError(f"{path} cannot be read: No such file or directory")
        return self.files[path]

    def write(self, path: Path, text: str, *, mode: int = 0o644) -> None:
        self.files[path], self.modes[path] = text, mode

    def mode(self, path: Path) -> int:
        return self.modes.get(path, 0o644)

    def exists(self, path: Path) -> bool:
        return path in self.files or any(path in known.parents for known in self.files)

    def remove(self, path: Path) -> None:
        for known in [known for known in self.files if known == path or path in known.parents]:
            del self.files[known]

    def move(self, path: Path, to: Path) -> None:
        self.files[to] = self.files.pop(path)

    def glob(self, folder: Path, pattern: str) -> list[Path]:
        return sorted(p for p in self.files if folder in p.parents and p.relative_to(folder).match(pattern))

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock, UTC)

    def monotonic(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def port_is_free(self, port: int, *, address: str = "127.0.0.1") -> bool:
        return port not in self.busy_ports
