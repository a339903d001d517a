"""Event triggers in the metadata: the typed model, and JSON both ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Any

from nself.graphql.events import cleanup_config, webhooks
from nself.graphql.events.cleanup_config import Cleanup
from nself.graphql.events.webhooks import EVENT_DEFAULTS, EVENT_KEYS, Retries, Webhook
from nself.graphql.metadata.reader import Reader
from nself.graphql.webhooks.env_templates import headers
from nself.records import dataclass

OPERATIONS = ("insert", "update", "delete")
LONGEST_NAME = 42
"""Names of database functions are made of it, and PostgreSQL cuts those at 63 bytes."""
_NAME = re.compile(r"[A-Za-z]+[A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What an operation must touch to fire and what it delivers; None stands for every column."""

    columns: tuple[str, ...] | None = None
    payload: tuple[str, ...] | None = None
    payload_stated: bool = False

    @property
    def named(self) -> set[str]:
        return {*(self.columns or ()), *(self.payload or ())}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger:
    """`operations` is {insert | update | delete: when it fires}; `rest` is kept as written."""

    name: str
    webhook: Webhook
    operations: Mapping[str, Operation] = field(default_factory=dict)
    manual: bool = False
    on_replication: bool = False
    retries: Retries = EVENT_DEFAULTS
    cleanup: Cleanup | None = None
    """Without one, no event is ever deleted."""
    comment: str | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> set[str]:
        """Every column it names."""
        return {name for operation in self.operations.values() for name in operation.named}

    def renamed(self, column: Callable[[str], str]) -> EventTrigger:
        """With the columns' new names."""

        def names(old: tuple[str, ...] | None) -> tuple[str, ...] | None:
            return None if old is None else tuple(map(column, old))

        changed = {
            key: replace(entry, columns=names(entry.columns), payload=names(entry.payload))
            for key, entry in self.operations.items()
        }
        return replace(self, operations=changed)


def parsed(reader: Reader) -> EventTrigger:
    """An entry of a table's `event_triggers`."""
    return _trigger(reader, reader.at("definition"), ("name", "definition"))


def of_command(args: Reader) -> EventTrigger:
    """The arguments of `create_event_trigger`: the definition's keys beside the others."""
    trigger = _trigger(args, args, ("name", "table", "source", "replace", *OPERATIONS, "enable_manual"))
    if not trigger.operations and not trigger.manual:
        args.fail("atleast one amongst insert/update/delete/enable_manual spec must be provided")
    return trigger


def _trigger(reader: Reader, definition: Reader, known: tuple[str, ...]) -> EventTrigger:
    manual, replication = definition.get("enable_manual"), reader.get("trigger_on_replication")
    cleanup, comment = reader.get("cleanup_config"), reader.get("comment")
    return EventTrigger(
        name=_name(reader.at("name")),
        webhook=_webhook(reader),
        operations={key: operation(spec) for key in OPERATIONS for spec in (definition.get(key),) if spec},
        manual=manual.boolean() if manual else False,
        on_replication=replication.boolean() if replication else False,
        retries=webhooks.retries(reader.get("retry_conf"), EVENT_KEYS),
        cleanup=cleanup_config.parsed(cleanup) if cleanup else None,
        comment=comment.text() if comment else None,
        rest=reader.others(
            *known, "webhook", "webhook_from_env", "headers", "retry_conf", "cleanup_config", "comment",
            "trigger_on_replication", "request_transform", "response_transform",
        ),
    )  # fmt: skip


def _name(reader: Reader) -> str:
    name = reader.name()
    if not _NAME.fullmatch(name):
        reader.fail("only alphanumeric and underscore and hyphens allowed for name")
    if len(name) > LONGEST_NAME:
        reader.fail(f"event trigger name can be at most {LONGEST_NAME} characters")
    return name


def _webhook(reader: Reader) -> Webhook:
    url, variable = reader.get("webhook"), reader.get("webhook_from_env")
    if url and variable:
        reader.fail("only one of webhook or webhook_from_env should be given")
    if not url and not variable:
        reader.fail("must provide webhook or webhook_from_env")
    return Webhook(
        url=url.name() if url else None,
        url_from_env=variable.name() if variable else None,
        headers=headers(reader.get("headers")),
        **webhooks.transforms(reader),
    )


def operation(reader: Reader) -> Operation:
    return Operation(
        columns=_columns(reader.at("columns")),
        payload=_columns(reader.get("payload")),
        payload_stated=reader.get("payload") is not None,
    )


def _columns(reader: Reader | None) -> tuple[str, ...] | None:
    return None if reader is None or reader.value == "*" else reader.names()


def exported(entry: EventTrigger) -> dict[str, Any]:
    definition: dict[str, Any] = {"enable_manual": entry.manual}
    definition |= {key: _exported_operation(spec) for key, spec in entry.operations.items()}
    webhook = entry.webhook
    optional = {
        "webhook": webhook.url,
        "webhook_from_env": webhook.url_from_env,
        "comment": entry.comment,
        "cleanup_config": dict(entry.cleanup.written) if entry.cleanup else None,
        "trigger_on_replication": entry.on_replication or None,
    }
    return {
        "name": entry.name,
        "definition": definition,
        "retry_conf": webhooks.exported_retries(entry.retries, EVENT_KEYS),
        **{key: value for key, value in optional.items() if value is not None},
        **webhooks.exported_headers(webhook.headers),
        **webhooks.exported_transforms(webhook),
        **entry.rest,
    }


def _exported_operation(spec: Operation) -> dict[str, Any]:
    payload = {"payload": _exported_columns(spec.payload)} if spec.payload_stated else {}
    return {"columns": _exported_columns(spec.columns), **payload}


def _exported_columns(names: tuple[str, ...] | None) -> Any:
    return "*" if names is None else list(names)
