"""A `docker` that answers from a script: for what a real engine cannot be made to do."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from nself.host import LocalHost
from nself.runtimes.compose.docker import Docker

VERSION = {
    "Client": {"Version": "28.2.2"},
    "Server": {"Version": "27.0.1", "Os": "linux", "Arch": "amd64"},
}


def scripted(folder: Path, answers: Mapping[str, tuple[int, str, str]]) -> Docker:
    """{start of the words: (exit code, stdout, stderr)}; anything else fails."""
    cases = [
        f"{shlex.quote(words)}*) printf %s {shlex.quote(out)}; printf %s {shlex.quote(err)} >&2; exit {code};;"
        for words, (code, out, err) in answers.items()
    ]
    program = folder / "docker"
    program.write_text(
        "\n".join(["#!/bin/sh", 'case "$*" in', *cases, "esac", "echo unexpected: $* >&2", "exit 99", ""])
    )
    program.chmod(0o755)
    return Docker(LocalHost(), {"PATH": f"{folder}:{os.environ['PATH']}"})


def version(client: str = "28.2.2", engine: str | None = "27.0.1") -> str:
    """What `docker version` prints as JSON."""
    server = {**VERSION["Server"], "Version": engine} if engine else None
    return json.dumps({"Client": {"Version": client}, "Server": server})
