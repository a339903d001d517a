"""Cron triggers that call functions, in `metadata/cron_triggers.yaml`: added below what is there, comments kept."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from nself.errors import ConfigError, UsageError
from nself.graphql.metadata import directory
from nself.host import LocalHost
from nself.model.project import Project

_ITEM = re.compile(r"^( *)- ", re.MULTILINE)
_WEBHOOK = re.compile(r"\{\{\s*NHOST_FUNCTIONS_URL\s*\}\}/(.*)")
_TRIGGER = """\
- name: {name}
  webhook: '{{{{NHOST_FUNCTIONS_URL}}}}/{function}'
  schedule: {cron}
  include_in_metadata: true
  headers:
    - name: nhost-webhook-secret
      value_from_env: NHOST_WEBHOOK_SECRET
"""


def schedules(project: Project) -> Mapping[str, str]:
    """{function: cron expression} of the triggers in the metadata's files. ConfigError when they cannot be read."""
    return {function: cron for function, (_, cron) in _triggers(project).items()}


def caller(project: Project, function: str) -> str | None:
    """The trigger that calls a function."""
    return _triggers(project).get(function, (None, ""))[0]


def add(project: Project, host: LocalHost, function: str, cron: str) -> Path:
    """A trigger at the end of the file. What would not load is not kept."""
    metadata = project.root / "metadata"
    if not host.exists(metadata / "version.yaml"):
        raise UsageError(
            "a schedule is part of the metadata, and this project has no metadata directory",
            fixes=["nself db metadata export"],
        )
    file = metadata / "cron_triggers.yaml"
    before = host.read(file) if host.exists(file) else ""
    host.write(file, appended(before, _trigger(function, cron)))
    try:
        directory.read(metadata)
    except ConfigError as error:
        if before:
            host.write(file, before)
        else:
            host.remove(file)
        raise UsageError(
            f"the schedule would not load: {error.message}",
            fixes=["--schedule '0 3 * * *' is every night at three, UTC", "nself db metadata validate"],
        ) from error
    return file


def appended(before: str, trigger: str) -> str:
    """`trigger` as one more item of a YAML list, indented as its items are."""
    item = _ITEM.search(before)
    if item is None:
        comments = [line for line in before.splitlines() if line.startswith("#")]
        return "\n".join([*comments, trigger])
    indented = "".join(f"{item[1]}{line}\n" for line in trigger.splitlines())
    return before.rstrip("\n") + "\n" + indented


def _trigger(function: str, cron: str) -> str:
    return _TRIGGER.format(name=function.replace("/", "-"), function=function, cron=json.dumps(cron))


def _triggers(project: Project) -> dict[str, tuple[str, str]]:
    """{function: trigger and its cron expression}."""
    metadata = project.root / "metadata"
    if not (metadata / "cron_triggers.yaml").is_file():
        return {}
    found = directory.read(metadata).cron_triggers.values()
    called = [(_WEBHOOK.fullmatch(each.webhook.url or ""), each) for each in found]
    return {match[1].strip("/"): (each.name, each.schedule) for match, each in called if match}
