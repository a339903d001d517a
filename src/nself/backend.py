"""Composition root of the servers: `python -m nself.backend graphql auth storage` hosts them in one process.

`python -m nself.graphql --port 8080 --database-url DSN` is the same with one name. A server reads its variables from
the process environment, or from its own file (`--env auth=PATH`) when several share a process and names could clash.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from starlette.types import ASGIApp

from nself import settings
from nself.errors import NselfError
from nself.web.server import Listener, Server, serve

NAMES = ("graphql", "auth", "storage", "functions", "mail")
HOLD = "NSELF_HOLD"
"""Names a file: while it exists nothing is opened. `nself start` has us import while the database is still starting."""
HOLD_S = 120.0
"""Whoever made the file may have been killed since."""
_COLLECT_AFTER = (50_000, 10, 100)
"""Objects made and not freed, before the youngest are looked through for garbage; how often that, before older ones
are, and then all. With ten thousand sockets all of them take more than a second, in which nobody is served."""


def load(name: str) -> Server:
    """The `SERVER` of one room. Imported only when asked for, so that a lone server stays light."""
    server = import_module(f"nself.{name}.app").SERVER
    assert isinstance(server, Server)
    return server


def main(names: Sequence[str] = (), argv: Sequence[str] | None = None) -> int:
    """Entry of every `python -m nself.<server>`; `names` fixes the server, else the command line names them."""
    parser = argparse.ArgumentParser(prog="python -m nself." + (names[0] if names else "backend"))
    if not names:
        parser.add_argument("servers", nargs="+", choices=NAMES, help="which servers to host, in this process")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (one server only)")
    parser.add_argument("--database-url", metavar="DSN", help="PostgreSQL connection string (one server only)")
    parser.add_argument("--env", action="append", default=[], metavar="SERVER=FILE", help="variables of one server")
    parser.add_argument(
        "--listen", action="append", default=[], metavar="SERVER=HOST:PORT", help="where one server listens"
    )
    options = parser.parse_args(argv)
    log_to_stderr()
    gc.disable()  # what importing makes stays: looking through it for garbage would only delay the start
    try:
        listeners = compose(list(names) or options.servers, options)
        gc.freeze()
        # Requests leave no cycles behind; walking a large schema for some, over and over, would stop all of them.
        gc.set_threshold(*_COLLECT_AFTER)
        gc.enable()
        await_release(os.environ.get(HOLD))  # noqa: TID251
        serve(listeners)
    except NselfError as error:
        print(f"error: {error.message}", *[f"  try: {fix}" for fix in error.fixes], sep="\n", file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


def log_to_stderr() -> None:
    """Our own loggers from INFO up, a line an event; libraries keep to their warnings."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    ours = logging.getLogger("nself")
    ours.handlers[:] = [handler]
    ours.setLevel(logging.INFO)


def await_release(file: str | None, *, longest_s: float = HOLD_S) -> None:
    """Wait until `file` is gone."""
    deadline = time.monotonic() + longest_s
    while file and Path(file).exists() and time.monotonic() < deadline:
        time.sleep(0.005)


def compose(names: Sequence[str], options: argparse.Namespace) -> list[Listener]:
    """Build every app, each seeing those built before it as peers."""
    files = dict(pair.split("=", 1) for pair in options.env)
    addresses = dict(pair.split("=", 1) for pair in options.listen)
    environs = {name: _environ(load(name), files, options) for name in names}
    private = _private(environs)
    peers: dict[str, ASGIApp] = {}
    listeners = []
    for server in ordered([load(name) for name in (*names, *private)]):
        environ = private.get(server.name) or environs[server.name]
        configured: object = settings.from_env(server.settings, environ)
        host, port = _address(addresses.get(server.name) or environ.get(server.flags["port"], ""), options)
        app = server.create(configured, dict(peers))
        peers[server.name] = app
        listens_at = None if server.name in private else port
        graceful_s = server.graceful_s(configured)
        listeners.append(Listener(name=server.name, app=app, host=host, port=listens_at, graceful_s=graceful_s))
    return listeners


def _environ(server: Server, files: Mapping[str, str], options: argparse.Namespace) -> dict[str, str]:
    """A server's variables: its own file or the process's environment, the command line's flags on top."""
    environ = _read(Path(files[server.name])) if server.name in files else dict(os.environ)  # noqa: TID251
    for flag, variable in server.flags.items():
        given = getattr(options, flag)
        if given is not None:
            environ[variable] = str(given)
    return environ


def _private(environs: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Variables of the siblings that hosted servers cannot answer without and that are nowhere else."""
    private = {}
    for name, environ in environs.items():
        server = load(name)
        for sibling, variable in server.reaches.items():
            if sibling not in environs and not environ.get(variable):
                database = environ.get(server.flags["database_url"])
                own = {load(sibling).flags["database_url"]: database} if database else {}
                private[sibling] = {**environ, **own}
    return private


def _address(given: str, options: argparse.Namespace) -> tuple[str, int]:
    """`PORT`, `:PORT` or `HOST:PORT`; what it leaves open comes from the command line."""
    host, _, port = given.rpartition(":")
    return host or options.host, int(port or options.port or 0)


def ordered(servers: Sequence[Server]) -> list[Server]:
    """Needs first. The table of needs has no cycles, so this ends."""
    by_name = {server.name: server for server in servers}
    done: dict[str, Server] = {}

    def visit(server: Server) -> None:
        for need in server.needs:
            if need in by_name and need not in done:
                visit(by_name[need])
        done.setdefault(server.name, server)

    for server in servers:
        visit(server)
    return list(done.values())


def _read(file: Path) -> dict[str, str]:
    """An env file as `render/env.py` writes it."""
    return settings.from_file(file.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
