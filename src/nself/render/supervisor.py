"""Service specs -> the configuration of the native runtime's process manager. Text out, nothing touched.

Programs are started one by one by the runtime, each once what it needs is healthy; so nothing starts by itself here.
What only the running machine knows (socket, account, supervisord's own log) is added by the runtime.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from nself.errors import ConfigError
from nself.model.place import BACKEND, Place, program_of
from nself.model.spec import Category, Network, ServiceSpec
from nself.render import env

FILE = "supervisord.conf"
LOG_BYTES = "10MB"
LOG_BACKUPS = 3
PRIORITY_STEP = 10
# A program that ends within a second is started again after 1, 2, 3, ... seconds, so often; then it counts as failed.
RETRIES = 10
_COMMENT = re.compile(r"\s[;#]|[\x00-\x1f\x7f]")


def render(specs: Sequence[ServiceSpec], network: Network, place: Place) -> dict[str, str]:
    """`specs` in the order of needs."""
    sections = [
        section(name, group, command(group, network, place), place, priority=PRIORITY_STEP * number)
        for number, (name, group) in enumerate(programs(specs).items(), 1)
    ]
    head = "; Written by nself build. Change .env or nself.yml and build again.\n"
    return {FILE: head + "".join(f"\n{text}" for text in sections)}


def programs(specs: Sequence[ServiceSpec]) -> dict[str, list[ServiceSpec]]:
    """{program: the services in it}. Services without a command run on other runtimes only."""
    found: dict[str, list[ServiceSpec]] = {}
    for spec in specs:
        if spec.server or spec.command:
            found.setdefault(program_of(spec), []).append(spec)
    return found


def section(name: str, group: Sequence[ServiceSpec], argv: Sequence[str], place: Place, *, priority: int) -> str:
    spec = group[0]
    options = {
        "command": " ".join(quoted(word) for word in argv),
        "directory": value(place.layout.root),
        "priority": priority,
        "autostart": "false",
        "autorestart": "true",
        "startsecs": 1,
        "startretries": RETRIES,
        "stopsignal": spec.stop.signal,
        "stopwaitsecs": max(spec.stop.grace_s for spec in group),
        # A shell, or a launcher of workers, does not pass signals on. Our servers, PostgreSQL and nginx end theirs.
        "stopasgroup": "true" if env.takes_variables(spec) and not spec.server else "false",
        "killasgroup": "true",
        "redirect_stderr": "true",
        # supervisor expands this one twice.
        "stdout_logfile": value(place.layout.logs / f"{name}.log").replace("%", "%%"),
        "stdout_logfile_maxbytes": LOG_BYTES,
        "stdout_logfile_backups": LOG_BACKUPS,
    }
    return f"[program:{name}]\n" + "".join(f"{key}={text}\n" for key, text in options.items())


def command(group: Sequence[ServiceSpec], network: Network, place: Place) -> list[str]:
    """argv of one program. Secrets reach it through its env file only."""
    spec = group[0]
    if spec.server:
        return backend(group, network, place)
    if spec.category is Category.CUSTOM:
        return [*wrapped(spec, place), "--", *spec.command]
    if env.takes_variables(spec):
        # Its words are ours and mean what they say, also in a folder called `$HOME`.
        return [*wrapped(spec, place), "--as-is", "--", *place.argv(spec)]
    return list(place.argv(spec))


def backend(group: Sequence[ServiceSpec], network: Network, place: Place) -> list[str]:
    """All of our servers in one process, each on its own port."""
    words = [str(place.program("python")), "-m", f"nself.{BACKEND}", *(spec.server or "" for spec in group)]
    for spec in group:
        words += ["--listen", f"{spec.server}={network.listen(spec.name)}"]
        words += ["--env", f"{spec.server}={place.build / env.path(spec)}"]
    return words


def wrapped(spec: ServiceSpec, place: Place) -> list[str]:
    """A small program that reads the env file, enters the folder and becomes the command."""
    wrapper = [str(place.program("python")), "-m", "nself.runtimes.native.exec"]
    where = ["--chdir", str(spec.workdir)] if spec.workdir else []
    return [*wrapper, *where, str(place.build / env.path(spec))]


def quoted(word: str) -> str:
    """One word for supervisor's command line: split by shlex after `%` is expanded and ` ;` or ` #` cut off as a
    comment. White space is quoted by itself, so that a quote always stands between it and what follows."""
    if re.search(r"[\x00-\x1f\x7f]", word):
        raise ConfigError(f"a command cannot hold line breaks or control characters: {word!r}")
    parts = [shlex.quote(part) for part in re.split(r"(\s+)", word) if part] or ["''"]
    return "".join(parts).replace("%", "%%")


def value(path: Path) -> str:
    """A path as the value of an option, where nothing can be quoted."""
    text = str(path)
    if _COMMENT.search(text) or text != text.strip():
        raise ConfigError(
            f"supervisor cannot work in a folder with this name: {text!r}",
            fixes=[
                "move the project to a folder without a space at its end, and without ; or # after a space",
                "or run it in containers: nself start --runtime compose",
            ],
        )
    return text.replace("%", "%%")
