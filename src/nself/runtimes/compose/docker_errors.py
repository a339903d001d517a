"""What Docker refuses, told by its words: which of our errors it is, and the way out."""

from __future__ import annotations

import re
from collections.abc import Callable

from nself.errors import DockerError, NetworkError, NselfError, PermissionDeniedError


class NotInstalledError(DockerError):
    """There is no `docker` on PATH."""

    def __init__(self) -> None:
        super().__init__(
            "Docker is not installed",
            fixes=[
                "install Docker Engine: apt install docker.io, or as docs.docker.com/engine/install says",
                "or run without it: nself start --runtime native",
            ],
        )


class ComposeMissingError(DockerError):
    """The client is there, its `compose` command is not."""

    def __init__(self) -> None:
        super().__init__(
            "Docker is here, but not its `docker compose` command (Compose v2)",
            fixes=[
                "apt install docker-compose-plugin, or docker-compose-v2 on Ubuntu",
                "or run without it: nself start --runtime native",
            ],
        )


class DaemonDownError(DockerError):
    """The client is there, the engine does not answer. `where` is its address, as the client tells it."""

    def __init__(self, why: str = "", *, where: str = "") -> None:
        self.where = where
        named = f"the Docker daemon{f' at {where}' if where else ''} does not answer"
        elsewhere = "docker context ls; echo $DOCKER_HOST"
        fixes = ["is that the engine you mean? DOCKER_HOST or a context says so", elsewhere]
        if not where or where.startswith("unix:"):
            start = "sudo systemctl start docker, or without root: systemctl --user start docker"
            fixes = [start, f"{elsewhere}: is it on another machine?"]
        super().__init__(
            f"{named}{f': {why}' if why else ''}; what runs in it cannot be told", fixes=[*fixes, "then run this again"]
        )


class NoContextError(DockerError):
    """What the client was told to use of its own configuration is not there."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"the docker client does not know which engine to use: {said}",
            fixes=[
                "docker context ls shows those there are, docker context use default the one of this machine",
                "env | grep DOCKER_ shows what the shell says: DOCKER_CONTEXT, DOCKER_HOST, DOCKER_TLS_VERIFY",
            ],
        )


class NoEngineError(DockerError):
    """Something answers, and it is not a Docker engine."""

    def __init__(self, where: str = "") -> None:
        super().__init__(
            f"what answers {f'at {where}' if where else 'where an engine should'} is not a Docker engine",
            fixes=["docker version: does it answer there?", "docker context ls; echo $DOCKER_HOST"],
        )


class HangingError(DockerError):
    """Docker took longer than anything like it should."""

    def __init__(self, doing: str, after_s: float) -> None:
        super().__init__(
            f"the Docker daemon does not answer: {doing} did not finish within {after_s:g} s",
            fixes=["docker info: does it answer there?", "sudo systemctl restart docker", "then run this again"],
        )


class NotDockerError(DockerError):
    """What answers to `docker` does not speak as Docker does."""

    def __init__(self, doing: str, printed: str) -> None:
        super().__init__(
            f"{doing} printed what is not JSON as Docker's is: {printed[:80]!r}",
            fixes=["docker --version: is this Docker, or another program by its name?"],
        )


class NameTakenError(DockerError):
    """Something that is not ours has a name that we need."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(
            f"the {what} {name} is there already, and is not of this project",
            fixes=[f"docker {what} inspect {name}, and if nobody needs it: docker {what} rm {name}"],
        )


class TooOldError(DockerError):
    """Client, engine or Compose is older than what we rely on, or they do not speak with each other."""


class NoDiskError(DockerError):
    """The disk Docker keeps images and containers on is full. `where` is that folder, with how much is free there."""

    def __init__(self, said: str, *, where: str = "") -> None:
        self.said = said.removeprefix("Error response from daemon: ")
        self.where = where
        super().__init__(
            f"Docker has no disk space left{f' in {where}' if where else ''}: {self.said}",
            fixes=[
                "docker system df shows what takes it",
                "nself clean --images removes old images of this project, docker image prune those of nobody",
                "make room, then run this again",
            ],
        )


class PortTakenError(DockerError):
    """Something else already listens where a container should be published."""

    def __init__(self, said: str, port: int | None) -> None:
        self.port = port
        what = f"port {port} is taken by another program or container" if port else "a port is taken"
        fixes = ["docker ps --format '{{.Names}} {{.Ports}}' shows what containers publish"]
        if port:
            fixes.insert(0, f"ss -ltnp 'sport = :{port}' shows who listens there")
        super().__init__(f"{what}: {said}", fixes=fixes)


class TooFewCpusError(DockerError):
    """A container may use more processors than the engine's machine has, which the engine refuses."""

    def __init__(self, there: str) -> None:
        self.there = there
        super().__init__(
            f"Docker's machine has {there} CPUs; a container was to use more", fixes=["nself scale status"]
        )


class PullError(NetworkError):
    """An image is not here and could not be fetched."""

    def __init__(self, said: str, image: str | None = None, *, instead: str = "") -> None:
        self.said, self.image = said, image
        named = f"the image {image}" if image else "an image"
        fixes = [
            instead,
            f"check its name and your network: docker pull {image or 'IMAGE'}",
            "docker login, if its registry wants an account",
        ]
        super().__init__(f"{named} could not be pulled: {said}", fixes=[fix for fix in fixes if fix])


class SocketDeniedError(PermissionDeniedError):
    """The engine runs; this account may not speak to it."""

    def __init__(self) -> None:
        super().__init__(
            "this account may not use Docker: permission denied on its socket",
            fixes=[
                "sudo usermod -aG docker $USER, then sign in again (members of that group are as powerful as root)",
                "or run without it: nself start --runtime native",
            ],
        )


class CommandFailedError(DockerError):
    """Docker refused something for a reason that is its own; the message is its last words."""


class EngineBusyError(DockerError):
    """The engine does this for one at a time, whoever asks; what it says is in the message."""

    def __init__(self, said: str) -> None:
        super().__init__(f"{said}, for another program", fixes=["wait until it is done, and try again"])


def recognise(stderr: str, *, doing: str) -> NselfError:
    """The error behind what Docker printed while `doing` something (`docker build`)."""
    stderr = COLOUR.sub("", stderr)
    for pattern, error in _KNOWN:
        found = re.search(pattern, stderr, re.IGNORECASE)
        if found:
            return error(_line(stderr, found.start()), found)
    return CommandFailedError(f"{doing} failed: {last_line(stderr)}", fixes=["nself doctor", "docker info"])


COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""Docker's first builder paints what a step says on stderr, whoever reads it."""


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _line(text: str, position: int) -> str:
    """The whole line a match is in: Docker's own words, once."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    return text[start : end if end >= 0 else len(text)].strip()


Maker = Callable[[str, "re.Match[str]"], NselfError]


def _pull(said: str, found: re.Match[str]) -> NselfError:
    named = re.search(r"(?:manifest for|access denied for|Unable to find image)\s+'?([^\s',]+)", said)
    return PullError(said, named[1] if named else None)


def _down(said: str) -> NselfError:
    """The client's own words hold a question, an address of our request and sometimes all of an ssh command."""
    at = re.search(r"(?:daemon|API) at (\S+?)[.,;]?(?:\s|$)", said)
    if at:
        return DaemonDownError(where=at[1])
    ssh = re.search(r"command \[(ssh .*?) docker system dial-stdio\].*?stderr=(.*)", said)
    if ssh:
        return DaemonDownError(ssh[2].strip(), where=f"ssh://{ssh[1].split()[-1]}")
    request = re.search(r'(?:Get|Post|Head|Delete|Put) "?(\S+?)"?: (.*)', said)
    return DaemonDownError(request[2], where=_address(request[1])) if request else DaemonDownError(said)


def _address(url: str) -> str:
    """Of an engine, from the request that was sent to it."""
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    return f"unix://{unquote(parts.netloc)}" if parts.netloc.startswith("%2F") else f"tcp://{parts.netloc}"


def _port(said: str, found: re.Match[str]) -> NselfError:
    named = re.search(r":(\d+)(?::| failed)", said)
    return PortTakenError(said, int(named[1]) if named else None)


_KNOWN: tuple[tuple[str, Maker], ...] = (
    (r"a (prune|disk usage) operation is already running", lambda _, found: EngineBusyError(found[0])),
    (
        r"permission denied while trying to connect|dial unix \S+: connect: permission denied",
        lambda *_: SocketDeniedError(),
    ),
    (r"request returned .+ for API route and version (\S+),", lambda _, found: NoEngineError(_address(found[1]))),
    (r"error response from daemon: (?:<|\s*$)|<!doctype html", lambda *_: NoEngineError()),
    (
        r"cannot connect to the docker daemon|is the docker daemon running|error during connect"
        r"|failed to connect to the docker api",
        lambda said, _: _down(said),
    ),
    (r"unable to resolve docker endpoint: (.+)", lambda _, found: NoContextError(found[1])),
    (
        r"client version \S+ is too (new|old)",
        lambda said, _: TooOldError(said, fixes=["docker version", "bring client and engine to releases of one year"]),
    ),
    (r"'compose' is not a docker command|unknown command: docker compose", lambda *_: ComposeMissingError()),
    (r"no space left on device", lambda said, _: NoDiskError(said)),
    (r"as there are only (\d+) CPUs available", lambda _, found: TooFewCpusError(found[1])),
    (r"port is already allocated|address already in use|ports are not available", _port),
    (
        r"container name \"/?([^\"]+)\" is already in use",
        lambda _, found: NameTakenError("container", found[1]),
    ),
    (
        r"network (\S+) was found but has incorrect label",
        lambda _, found: NameTakenError("network", found[1]),
    ),
    (
        r"pull access denied|manifest unknown|manifest for \S+ not found|no matching manifest|toomanyrequests"
        r"|failed to resolve reference|lookup \S+.*: (no such host|server misbehaving|i/o timeout|connect: [a-z ]+)"
        r"|TLS handshake timeout"
        r"|dial tcp \S+: (i/o timeout|connect: (connection refused|network is unreachable|no route to host))"
        r"|request canceled while waiting for connection|requested access to the resource is denied"
        r"|failed to authorize|server gave HTTP response to HTTPS client|unexpected status code \[manifests"
        r"|manifest verification failed|does not match (?:provided )?digest",
        _pull,
    ),
)
"""What it looks like, most telling first."""
