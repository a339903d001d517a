"""supervisord as we use it: one per project, asked over its unix socket, started when it is not there.

The calls are XML-RPC as supervisor speaks it, written by hand: the standard client costs more to import than all of
`nself status` may take. Answers come from our plugin (see plugin.py) as one JSON string.
"""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nself.errors import NselfError, PermissionDeniedError
from nself.host import LocalHost
from nself.records import dataclass
from nself.runtimes.native import processes, sockets
from nself.runtimes.native.identity import Identity

MARK = "NSELF_STATE"
"""Set for supervisord and thus for all it starts: how strays of a killed supervisord are told from others."""
CONFIGURATION = "supervisord.conf"
_STRING = re.compile(r"<string>(.*?)</string>", re.DOTALL)


class SupervisorError(NselfError):
    """supervisord answered with a refusal, or not at all."""

    kind = "supervisor"


@dataclass(frozen=True, slots=True)
class Supervisor:
    """The supervisord of one project. `state` is the project's `.nself`."""

    state: Path
    identity: Identity
    host: LocalHost

    @property
    def socket(self) -> Path:
        return sockets.folder(self.state / "run", self.identity.uid) / "supervisor.sock"

    @property
    def configuration(self) -> Path:
        return self.state / "run" / CONFIGURATION

    def observe(self) -> dict[str, Any] | None:
        """What it runs, None when it is not running."""
        try:
            answer: dict[str, Any] = self.call("observe")
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except PermissionError as error:
            raise PermissionDeniedError(
                f"the stack in {self.state.parent} runs as another user, who alone may ask about it",
                fixes=[f"run this as {owner_of(self.socket.parent)} or as root: sudo nself …"],
            ) from error
        return answer

    def call(self, method: str, *arguments: str) -> Any:
        """One call of our plugin. OSError when nobody listens."""
        return json.loads(_call(self.socket, f"nself.{method}", arguments))

    @property
    def _log(self) -> Path:
        """What it says before it has a log of its own."""
        return self.state / "logs" / "supervisord.out"

    def launch(self, environment: Mapping[str, str]) -> int:
        """Start it. Its process answers after `await_answer`."""
        argv = [*self.identity.prefix, sys.executable, "-P", "-m", "supervisor.supervisord"]
        argv += ["-c", str(self.configuration)]
        return self.host.start(argv, log=self._log, env={**environment, MARK: str(self.state)}, cwd=self.state / "run")

    def await_answer(self, pid: int, *, wait_s: float = 10.0) -> None:
        """Wait for the socket of the process that was launched."""
        deadline = self.host.monotonic() + wait_s
        while self.observe() is None:
            if not processes.alive(pid) or self.host.monotonic() > deadline:
                raise SupervisorError(
                    f"supervisord did not start: {_last_lines(self._log)}", fixes=[f"read {self._log}", "nself doctor"]
                )
            self.host.sleep(0.01)

    def shutdown(self, *, wait_s: float) -> None:
        """End it and whatever it still runs."""
        answer = self.observe()
        if answer is None:
            return
        _call(self.socket, "supervisor.shutdown", ())
        self._await_end(int(answer["pid"]), wait_s=wait_s)
        sockets.discard(self.state / "run", self.socket.parent)

    def strays(self) -> list[int]:
        """Processes that a supervisord of this project started and that outlived it, or that it still holds when its
        socket is gone. Ask only when `observe` says it is not running."""
        marked = processes.started_with(MARK, str(self.state))
        masters = [pid for pid in processes.all_pids() if self._is_our_nginx(pid)]
        return sorted({*marked, *masters})

    def _is_our_nginx(self, pid: int) -> bool:
        """nginx writes its title over its environment, so it is known by the configuration it names there."""
        line = " ".join(processes.command_line(pid))
        return "nginx: master" in line and str(self.state) in line

    def _await_end(self, pid: int, *, wait_s: float) -> None:
        deadline = self.host.monotonic() + wait_s
        while processes.alive(pid):
            if self.host.monotonic() > deadline:
                raise SupervisorError(
                    f"supervisord (pid {pid}) did not end within {wait_s:g} s", fixes=["nself status", "nself stop"]
                )
            self.host.sleep(0.01)


def owner_of(folder: Path) -> str:
    """Whose folder it is, by name where there is one."""
    try:
        return folder.owner()
    except (OSError, KeyError):
        return "its owner"


def _call(path: Path, method: str, arguments: tuple[str, ...], *, timeout_s: float = 10.0) -> str:
    params = "".join(f"<param><value><string>{_escaped(text)}</string></value></param>" for text in arguments)
    body = (
        f"<?xml version='1.0'?><methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>"
    ).encode()
    head = f"POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        connection.connect(str(path))
        connection.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    return _result(method, answer)


def _result(method: str, answer: str) -> str:
    found = _STRING.search(answer)
    text = _unescaped(found[1]) if found else ""
    if "<fault>" in answer:
        raise SupervisorError(f"supervisord refused {method}: {text}", fixes=["nself stop", "nself start"])
    if " 200 " not in answer.split("\r\n", 1)[0]:
        raise SupervisorError(f"supervisord did not understand {method}", fixes=["nself stop", "nself start"])
    return text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _last_lines(file: Path, count: int = 5) -> str:
    try:
        return " | ".join(file.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]) or "it said nothing"
    except OSError:
        return "it said nothing"
