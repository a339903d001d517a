"""Runs inside supervisord, through the door it has for this (`[rpcinterface:nself]`).

supervisor's own calls are kept to what we need, in one round trip each: what runs and what it was made from, start,
stop. Two things are added to how it watches: when a process ends, what is left of its process group ends too (a killed
nginx master leaves workers that hold the port), and the next look comes at once instead of within a second.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from typing import Any

from supervisor import events
from supervisor.options import NoPermission
from supervisor.states import RUNNING_STATES, STOPPED_STATES, ProcessStates, getProcessStateDescription
from supervisor.xmlrpc import Faults, RPCError


def interface(supervisord: Any, **settings: str) -> Plugin:
    """The factory named in the configuration; `settings` are its other keys."""
    return Plugin(supervisord, state=settings["state"])


class Plugin:
    """Public methods are callable over the socket as `nself.<method>`; each answers JSON text."""

    def __init__(self, supervisord: Any, *, state: str) -> None:
        self._supervisord = supervisord
        self._state = state
        self._fingerprints: dict[str, str] = {}
        self._hurry = False
        self._poll = supervisord.options.poller.poll
        supervisord.options.poller.poll = self._poll_soon
        self._check_command = supervisord.options.check_execv_args
        supervisord.options.check_execv_args = self._check_but_permission
        for kind in (
            events.ProcessStateExitedEvent,
            events.ProcessStateBackoffEvent,
            events.ProcessStateStoppedEvent,
        ):
            events.subscribe(kind, self._ended)

    def observe(self) -> str:
        """Whose supervisor this is, and every process with the fingerprint it was started under."""
        processes = [
            self._describe(name, process)
            for name, group in sorted(self._supervisord.process_groups.items())
            for process in group.processes.values()
        ]
        return json.dumps({"pid": os.getpid(), "state": self._state, "processes": processes})

    def start(self, name: str, fingerprint: str) -> str:
        """Start one program from the configuration as it is on disk now. One that runs already is left alone."""
        group = self._supervisord.process_groups.get(name)
        if group is not None and any(p.get_state() in RUNNING_STATES for p in group.processes.values()):
            return json.dumps({"started": False})
        for process in self._fresh(name).processes.values():
            process.spawn()
        self._fingerprints[name] = fingerprint
        self._hurry = True
        return json.dumps({"started": True})

    def stop(self, name: str) -> str:
        """Ask one program to end; ask `observe` whether it has."""
        group = self._supervisord.process_groups.get(name)
        if group is not None:
            group.stop_all()
            for process in group.processes.values():
                if process.get_state() in {ProcessStates.EXITED, ProcessStates.FATAL}:
                    process.change_state(ProcessStates.STOPPED)
        self._hurry = True
        return json.dumps({})

    def signal(self, name: str) -> str:
        """Tell one program to read its files again (SIGHUP)."""
        group = self._supervisord.process_groups.get(name)
        for process in group.processes.values() if group is not None else ():
            if process.pid:
                process.signal(signal.SIGHUP)
        return json.dumps({})

    def adopt(self, name: str, fingerprint: str) -> str:
        """A running program is now what this fingerprint says."""
        self._fingerprints[name] = fingerprint
        return json.dumps({})

    def kill(self, name: str) -> str:
        """End one program at once, whatever it is doing."""
        group = self._supervisord.process_groups.get(name)
        for process in group.processes.values() if group is not None else ():
            if process.pid:
                process.kill(signal.SIGKILL)
        self._hurry = True
        return json.dumps({})

    def reread(self) -> str:
        """Read the configuration file again; running programs keep what they have until they are started anew."""
        try:
            self._supervisord.options.process_config(do_usage=False)
        except ValueError as error:
            raise RPCError(Faults.CANT_REREAD, str(error)) from error
        return json.dumps({})

    def _fresh(self, name: str) -> Any:
        """The stopped group `name`, replaced by what the configuration says now."""
        configured = {config.name: config for config in self._supervisord.options.process_group_configs}
        if name not in configured:
            raise RPCError(Faults.BAD_NAME, name)
        if name in self._supervisord.process_groups and not self._supervisord.remove_process_group(name):
            raise RPCError(Faults.STILL_RUNNING, name)
        self._supervisord.add_process_group(configured[name])
        return self._supervisord.process_groups[name]

    def _describe(self, name: str, process: Any) -> dict[str, Any]:
        state = process.get_state()
        return {
            "name": name,
            "state": getProcessStateDescription(state),
            "ended": state in STOPPED_STATES,
            "pid": process.pid or 0,
            "started_at": process.laststart,
            "exit_code": process.exitstatus,
            "tries": process.backoff,
            "reason": process.spawnerr or "",
            "log": process.config.stdout_logfile or "",
            "fingerprint": self._fingerprints.get(name, ""),
        }

    def _ended(self, event: Any) -> None:
        self._hurry = True
        pid = event.process.pid
        if pid:
            # The group's number stays taken while a member lives, so this cannot hit a stranger.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)

    def _check_but_permission(self, *command: Any) -> None:
        """access(2) leaves out the capability to pass through closed folders, which execve(2) honours: it shall say."""
        with contextlib.suppress(NoPermission):
            self._check_command(*command)

    def _poll_soon(self, timeout: float) -> Any:
        if self._hurry:
            timeout, self._hurry = 0, False
        return self._poll(timeout)
