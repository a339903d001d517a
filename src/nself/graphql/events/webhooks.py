"""What event triggers, cron triggers and scheduled events say alike about their webhook: URL, headers, retries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nself.graphql.metadata.reader import Reader
from nself.graphql.webhooks import env_templates
from nself.graphql.webhooks.env_templates import Environ, Header, UnsetVariableError
from nself.records import dataclass

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """`url` may hold `{{NAME}}`; with `url_from_env` it is the variable's value. The transforms are kept as written."""

    url: str | None = None
    url_from_env: str | None = None
    headers: tuple[Header, ...] = ()
    request_transform: Json | None = None
    response_transform: Json | None = None

    def address(self, environ: Environ) -> str:
        """Raises UnsetVariableError."""
        if self.url_from_env is None:
            return env_templates.filled(self.url or "", environ)
        if self.url_from_env not in environ:
            raise UnsetVariableError([self.url_from_env])
        return environ[self.url_from_env]

    def objection(self, environ: Environ) -> str | None:
        """Why it cannot be called, in the words of an inconsistency."""
        try:
            self.address(environ)
            for entry in self.headers:
                entry.resolved(environ)
        except UnsetVariableError as error:
            return error.message
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often and how long after a failure another attempt is made."""

    most: int = 0
    interval_s: int = 10
    timeout_s: int = 60
    tolerance_s: int | None = None
    """Event triggers keep it without acting on it; a scheduled event later than this is dead."""


@dataclass(frozen=True, slots=True)
class _Keys:
    interval: str
    timeout: str


EVENT_KEYS = _Keys("interval_sec", "timeout_sec")
SCHEDULED_KEYS = _Keys("retry_interval_seconds", "timeout_seconds")
EVENT_DEFAULTS = Retries()
SCHEDULED_DEFAULTS = Retries(tolerance_s=21600)


def retries(reader: Reader | None, keys: _Keys, default: Retries = EVENT_DEFAULTS) -> Retries:
    if reader is None:
        return default

    def number(key: str, otherwise: int) -> int:
        found = reader.get(key)
        return found.natural() if found else otherwise

    tolerance = reader.get("tolerance_seconds")
    return Retries(
        most=number("num_retries", default.most),
        interval_s=number(keys.interval, default.interval_s),
        timeout_s=number(keys.timeout, default.timeout_s),
        tolerance_s=tolerance.natural() if tolerance else default.tolerance_s,
    )


def exported_retries(entry: Retries, keys: _Keys) -> dict[str, int]:
    """Spelled out in full."""
    tolerance = {} if entry.tolerance_s is None else {"tolerance_seconds": entry.tolerance_s}
    return {"num_retries": entry.most, keys.interval: entry.interval_s, keys.timeout: entry.timeout_s, **tolerance}


def transforms(reader: Reader) -> dict[str, Json | None]:
    parts = {key: reader.get(key) for key in ("request_transform", "response_transform")}
    return {key: part.object() if part else None for key, part in parts.items()}


def exported_transforms(entry: Webhook) -> dict[str, Any]:
    parts = {"request_transform": entry.request_transform, "response_transform": entry.response_transform}
    return {key: dict(part) for key, part in parts.items() if part is not None}


def exported_headers(entries: Sequence[Header]) -> dict[str, Any]:
    return {"headers": env_templates.exported(entries)} if entries else {}
