"""The one error tree. A class knows its exit code, its HTTP status and the way out.

NselfError                      1
├── UsageError                  2   the command line is wrong
│   └── UnknownNameError        2   a word on it names nothing there is
├── ConfigError                 3   the project's files are wrong
│   └── ConfigProblemsError     3   several of them at once
├── DockerError                 4
├── DatabaseError               5
├── NetworkError                6
├── PermissionDeniedError       7
├── ProviderError               8
├── KubernetesError             9
├── TimedOutError              10
├── ProgramMissingError       127
└── InterruptedByUserError    130   128 and the number of the signal

Raise where you know; catch in two places: the CLI's `main` and the servers' error middleware.
A server room may hang its own API errors under NselfError with `http_status` and a `code`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from signal import Signals

from nself.records import dataclass


class NselfError(Exception):
    """Something went wrong and we know what. `fixes` are one to three concrete next steps, in order."""

    exit_code = 1
    http_status = 500
    kind = "error"

    def __init__(self, message: str, *, fixes: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.fixes = tuple(fixes)


class UsageError(NselfError):
    exit_code = 2
    http_status = 400
    kind = "usage"


class UnknownNameError(UsageError):
    """A word names nothing there is. The nearest of the `known` names is the first way out, `fixes` come after it."""

    def __init__(self, message: str, word: str, known: Iterable[str], *, fixes: Sequence[str]) -> None:
        from difflib import get_close_matches  # only who mistypes pays for it

        near = get_close_matches(word, list(known), n=1)
        super().__init__(message, fixes=[*(f"did you mean {name}?" for name in near), *fixes])


class ConfigError(NselfError):
    exit_code = 3
    kind = "config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a project's files. `path` is what is wrong (`POSTGRES_PORT`, `services.redis.port`)."""

    path: str
    message: str
    file: str | None = None
    line: int | None = None
    hint: str | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        what = "" if self.path == self.file else f"{self.path}: "
        return f"{where}{what}{self.message}" + (f" ({self.hint})" if self.hint else "")


class ConfigProblemsError(ConfigError):
    """Every mistake found in one run, so that one edit can mend them all."""

    FIXES = ("correct the lines above", "nself config explain KEY", "nself config validate")

    def __init__(self, problems: Sequence[Problem], *, fixes: Sequence[str] = FIXES) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{count} in this project's configuration:\n{lines}", fixes=fixes)


class DockerError(NselfError):
    exit_code = 4
    kind = "docker"


class DatabaseError(NselfError):
    exit_code = 5
    kind = "database"


class NetworkError(NselfError):
    exit_code = 6
    kind = "network"


class PermissionDeniedError(NselfError):
    exit_code = 7
    http_status = 403
    kind = "permission"


class ProviderError(NselfError):
    exit_code = 8
    kind = "provider"


class KubernetesError(NselfError):
    exit_code = 9
    kind = "kubernetes"


class TimedOutError(NselfError):
    exit_code = 10
    http_status = 504
    kind = "timeout"


class ProgramMissingError(NselfError):
    exit_code = 127
    kind = "program-missing"


class EndedBySignal(KeyboardInterrupt):
    """A signal that asks us to end, heard where Ctrl-C would be."""

    def __init__(self, number: Signals) -> None:
        super().__init__(number)
        self.number = number


class InterruptedByUserError(NselfError):
    """By Ctrl-C, or `by` another signal. `message` says what that means."""

    exit_code = 128 + Signals.SIGINT
    kind = "interrupted"

    def __init__(self, message: str = "", *, fixes: Sequence[str] = (), by: BaseException | None = None) -> None:
        what = "interrupted"
        if isinstance(by, EndedBySignal):
            what = f"interrupted by {by.number.name}"
            self.exit_code = 128 + by.number
        super().__init__(f"{what}: {message}" if message else what, fixes=fixes)
