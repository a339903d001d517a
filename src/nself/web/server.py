"""What a server room exposes, and the one event loop that hosts one or several of them.

`SERVER` in a room's `app.py` names its settings and builds its ASGI app. A lone server and the shared native process
run through the same `serve`, so a server never knows which of the two it is in.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp

from nself.errors import NselfError
from nself.records import dataclass
from nself.web.lifespan import KeepsFailure
from nself.web.websockets import DirectWebsocket

GRACEFUL_S: Final = 10
Peers = Mapping[str, ASGIApp]
"""Sibling servers in the same process, by name: `web.client` calls them without a socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server room's front door. `create(settings, peers)` builds the app; its lifespan opens and closes everything.

    `needs` are siblings that must be up first when they share the process. `flags` maps the command line's `--port`
    and `--database-url` onto this server's own variables: {"port": "AUTH_PORT", "database_url": "..."}.
    `reaches` names siblings this server cannot answer without and the variable that says where each is; one that is
    neither in the process nor named by its variable is added to the process, for this server alone.
    """

    name: str
    settings: type
    create: Callable[[Any, Peers], ASGIApp]
    needs: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    reaches: Mapping[str, str] = field(default_factory=dict)
    graceful_s: Callable[[Any], int] = lambda settings: GRACEFUL_S
    """From its settings: how long running requests may take to end when the server stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One app on one address; without a port it is started but only its siblings can call it."""

    name: str
    app: ASGIApp
    host: str
    port: int | None
    graceful_s: int = GRACEFUL_S


def serve(listeners: Sequence[Listener]) -> None:
    """Start each app in the order given, answer until SIGTERM or SIGINT, then finish running requests."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(listeners))


async def _serve(listeners: Sequence[Listener]) -> None:
    servers = [_Hosted(listener) if listener.port is not None else _Private(listener) for listener in listeners]
    loop = asyncio.get_running_loop()
    started: list[_Hosted] = []
    starting = asyncio.create_task(_start(servers, started))

    def stop() -> None:
        starting.cancel()
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        await starting
        await asyncio.gather(*(server.main_loop() for server in servers))
    except asyncio.CancelledError:
        if not starting.cancelled():
            raise
    finally:
        for server in reversed(started):
            await server.shutdown()


async def _start(servers: Sequence[_Hosted], started: list[_Hosted]) -> None:
    """One after the other, each into `started` once it answers; cancelled by a stop that does not wait for it."""
    for server in servers:
        await server.begin()
        started.append(server)


class _Hosted(uvicorn.Server):
    """uvicorn without its own signal handling: several run in one loop and stop together."""

    def __init__(self, listener: Listener) -> None:
        self.app = KeepsFailure(listener.app)
        super().__init__(
            uvicorn.Config(
                self.app,
                host=listener.host,
                port=listener.port or 0,
                loop="uvloop",
                http="httptools",
                ws=DirectWebsocket,
                ws_per_message_deflate=False,  # costs every socket its own compressor
                # Often enough for a proxy that ends what is silent for a minute, rarely enough for thousands.
                ws_ping_interval=45,
                ws_ping_timeout=45,
                lifespan="on",
                log_level="warning",
                access_log=False,
                proxy_headers=True,
                forwarded_allow_ips="127.0.0.1",
                server_header=False,
                timeout_graceful_shutdown=listener.graceful_s,
                h11_max_incomplete_event_size=64 * 1024,
            )
        )
        self.listener = listener

    async def begin(self) -> None:
        self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        try:
            await self.startup()
        except SystemExit as stop:
            raise self.app.failure or NselfError(
                f"{self.listener.name} could not start on {self.listener.host}:{self.listener.port}",
                fixes=["read the lines above", "nself doctor"],
            ) from stop

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Private(_Hosted):
    """An app that lives but does not listen."""

    async def startup(self, sockets: object = None) -> None:
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(1)

    async def shutdown(self, sockets: object = None) -> None:
        await self.lifespan.shutdown()
