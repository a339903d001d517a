"""One worker process and the conversation with it. The only module of this room that starts a program.

A worker takes one call at a time, so whatever a function does to its process - crash it, loop in it, fill its memory -
is done to that one call alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nself.functions import wire
from nself.functions.wire import Call, Reply
from nself.records import dataclass

log = logging.getLogger("nself.functions")
START_S = 20.0
"""A worker that has not connected by then will not: a slow disk takes a second or two."""
LOGGED_PER_CALL = 256 * 1024
"""Bytes of output that go to the log for one call; a function that prints in a loop must not fill the disk."""
_LINE = 16 * 1024


class WorkerEndedError(Exception):
    """The process ended during a call, or never began to listen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How to start a worker. `{socket}` in `argv` is where it must connect; `script` is fed to its standard input."""

    argv: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    script: Path | None = None
    memory_bytes: int


class Worker:
    """A started worker. `generation` is the state of the functions folder that it has loaded, or will load."""

    def __init__(self, process: asyncio.subprocess.Process, generation: int) -> None:
        self.process, self.generation = process, generation
        self.output = _Output(process)
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    @classmethod
    async def start(cls, program: Program, *, socket: Path, generation: int) -> Worker:
        """Start the process and wait until it has connected to `socket`, a path of this worker's own."""
        arrived: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
            asyncio.get_running_loop().create_future()
        )

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if arrived.done():
                writer.close()
            else:
                arrived.set_result((reader, writer))

        listener = await asyncio.start_unix_server(connected, socket, limit=1024 * 1024)
        try:
            worker = cls(await _spawn(program, socket), generation)
            try:
                await worker._await_connection(arrived)
            except BaseException:
                await worker.kill()
                raise
            return worker
        finally:
            listener.close()
            socket.unlink(missing_ok=True)

    async def call(self, call: Call, body: bytes, *, max_body: int) -> tuple[Reply, bytes]:
        """One call. Cancelled or failed, the conversation is out of step: the worker must be killed."""
        self.output.begin(call)
        try:
            self._writer.writelines(wire.frame(call, body))
            await self._writer.drain()
            answer = await wire.read_reply(self._reader, max_body=max_body)
            await self.output.caught_up()
            return answer
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise WorkerEndedError(await self._last_words()) from error

    async def alive(self) -> bool:
        """Whether it can take a call. One that died while idle is noticed here, not by the call it would have had."""
        for _ in range(2):  # the loop looks at its sockets, then tells the reader
            await asyncio.sleep(0)
        return self.process.returncode is None and not self._reader.at_eof()

    async def kill(self) -> None:
        """End the process and whatever it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        await self.output.finished()
        if hasattr(self, "_writer"):
            self._writer.close()

    async def _await_connection(
        self, arrived: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    ) -> None:
        ended = asyncio.create_task(self.process.wait())
        both: set[asyncio.Future[Any]] = {arrived, ended}
        await asyncio.wait(both, timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not arrived.done():
            raise WorkerEndedError(await self._last_words())
        self._reader, self._writer = arrived.result()

    async def _last_words(self) -> str:
        """Why there is no answer: how the process ended, if it did."""
        try:
            code = await asyncio.wait_for(self.process.wait(), timeout=1)
        except TimeoutError:
            return "its worker closed the connection"
        if code >= 0:
            return f"its worker ended with exit code {code}"
        return f"its worker was ended by {signal.Signals(-code).name}"


class _Output:
    """What a worker prints, line by line into the log, under the name of the function that is running."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._where, self._left = "worker", LOGGED_PER_CALL
        streams = [stream for stream in (process.stdout, process.stderr) if stream]
        self._tasks = [asyncio.create_task(self._follow(stream)) for stream in streams]

    def begin(self, call: Call) -> None:
        self._where, self._left = f"{call.function} [{call.request_id}]", LOGGED_PER_CALL

    async def caught_up(self) -> None:
        """Let what was printed before the answer be logged before the next call gives its name to the lines."""
        for _ in range(2):
            await asyncio.sleep(0)

    async def finished(self) -> None:
        """Wait for the last lines; not for long, since a grandchild may keep the pipe open."""
        _, late = await asyncio.wait(self._tasks, timeout=1)
        for task in late:
            task.cancel()

    async def _follow(self, stream: asyncio.StreamReader) -> None:
        rest = b""
        while chunk := await stream.read(_LINE):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) >= _LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._say(line)
        if rest:
            self._say(rest)

    def _say(self, line: bytes) -> None:
        if self._left <= 0:
            return
        self._left -= len(line) + 1
        log.info("%s: %s", self._where, line.decode("utf-8", "replace").rstrip("\r"))
        if self._left <= 0:
            log.warning("%s: the rest of its output is left out", self._where)


async def _spawn(program: Program, socket: Path) -> asyncio.subprocess.Process:
    argv = [argument.replace("{socket}", str(socket)) for argument in program.argv]
    with program.script.open("rb") if program.script else contextlib.nullcontext(asyncio.subprocess.PIPE) as stdin:
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=stdin,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=dict(program.env),
                cwd=program.folder,
                start_new_session=True,
            )
        except OSError as error:
            raise WorkerEndedError(f"{argv[0]} cannot be started: {error.strerror}") from error
    if hasattr(resource, "prlimit"):
        # Private writable memory, so that the address space V8 reserves and never touches does not count.
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (program.memory_bytes, program.memory_bytes))
    return process
