"""Cron triggers in the metadata, and what a scheduled event says about itself: typed models, and JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from nself.graphql.events import webhooks
from nself.graphql.events.cleanup_config import cron_of
from nself.graphql.events.cron import Cron
from nself.graphql.events.webhooks import SCHEDULED_DEFAULTS, SCHEDULED_KEYS, Retries, Webhook
from nself.graphql.metadata.reader import Reader
from nself.graphql.webhooks.env_templates import headers
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CronTrigger:
    """Triggers that are not `included` are kept and run, but not exported."""

    name: str
    webhook: Webhook
    schedule: str
    cron: Cron
    payload: Any = None
    included: bool = False
    retries: Retries = SCHEDULED_DEFAULTS
    comment: str | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)


def parsed(reader: Reader) -> CronTrigger:
    """An entry of the metadata's `cron_triggers`, and the arguments of `create_cron_trigger`."""
    comment, schedule = reader.get("comment"), reader.at("schedule")
    return CronTrigger(
        name=reader.at("name").name(),
        webhook=webhook(reader),
        schedule=schedule.text(),
        cron=cron_of(schedule),
        payload=reader.object().get("payload"),
        included=reader.at("include_in_metadata").boolean(),
        retries=retries(reader.get("retry_conf")),
        comment=comment.text() if comment else None,
        rest=reader.others(
            "name", "webhook", "schedule", "payload", "headers", "include_in_metadata", "retry_conf", "comment",
            "request_transform", "response_transform", "replace",
        ),
    )  # fmt: skip


def webhook(reader: Reader) -> Webhook:
    """A scheduled event's: a URL, which may hold `{{NAME}}`, or `{from_env: NAME}`."""
    url = reader.at("webhook")
    given = {"url_from_env": url.at("from_env").name()} if isinstance(url.value, dict) else {"url": url.name()}
    return Webhook(**given, headers=headers(reader.get("headers")), **webhooks.transforms(reader))  # type: ignore[arg-type]


def retries(reader: Reader | None) -> Retries:
    return webhooks.retries(reader, SCHEDULED_KEYS, SCHEDULED_DEFAULTS)


def exported(entry: CronTrigger, *, retries_in_full: bool = False) -> dict[str, Any]:
    """As metadata holds it: default retries are left out, unless they are to be spelled out."""
    retry_conf = webhooks.exported_retries(entry.retries, SCHEDULED_KEYS)
    optional = {
        "payload": entry.payload,
        "retry_conf": retry_conf if retries_in_full or entry.retries != SCHEDULED_DEFAULTS else None,
        "comment": entry.comment,
    }
    return {
        "name": entry.name,
        "webhook": exported_url(entry.webhook),
        "schedule": entry.schedule,
        "include_in_metadata": entry.included,
        **{key: value for key, value in optional.items() if value is not None},
        **webhooks.exported_headers(entry.webhook.headers),
        **webhooks.exported_transforms(entry.webhook),
        **entry.rest,
    }


def exported_url(entry: Webhook) -> Any:
    return entry.url if entry.url_from_env is None else {"from_env": entry.url_from_env}
