"""Settings of metrics, traces and TLS that metadata carries: checked, kept and given back with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.reader import Reader

_STATUSES = ("enabled", "disabled", "env")
_METRICS = ("analyze_query_variables", "analyze_response_body")


async def set_metrics(draft: Draft, call: Call) -> Reply:
    wanted = {key: call.args.at(key).boolean() for key in _METRICS}
    _put(draft, "metrics_config", wanted)
    return SUCCESS


async def set_opentelemetry(draft: Draft, call: Call) -> Reply:
    _status(call.args.at("status"))
    for part in ("exporter_otlp", "batch_span_processor", "batch_log_record_processor"):
        if given := call.args.get(part):
            given.object()
    if data_types := call.args.get("data_types"):
        data_types.names()
    _put(draft, "opentelemetry", dict(call.args.object()))
    return SUCCESS


async def set_opentelemetry_status(draft: Draft, call: Call) -> Reply:
    known = draft.metadata.rest.get("opentelemetry", {})
    _put(draft, "opentelemetry", {**known, "status": _status(call.args.at("status"))})
    return SUCCESS


async def allow_host(draft: Draft, call: Call) -> Reply:
    entry = _host(call.args)
    permissions = call.args.get("permissions") if isinstance(call.args.value, dict) else None
    if permissions:
        for item in permissions.items():
            if item.value != "self-signed":
                item.fail(f"expected self-signed, encountered {item.value}")
        entry["permissions"] = list(permissions.names())
    known = _allowed(draft)
    if any(_same(other, entry) for other in known):
        raise ApiError("already-exists", f'the host "{entry["host"]}" is already in the allowlist', path="$.args")
    _put(draft, "network", {**_network(draft), "tls_allowlist": [*known, entry]})
    return SUCCESS


async def forget_host(draft: Draft, call: Call) -> Reply:
    entry = _host(call.args)
    known = _allowed(draft)
    kept = [other for other in known if not _same(other, entry)]
    if len(kept) == len(known):
        raise ApiError("not-found", f'the host "{entry["host"]}" is not in the allowlist', path="$.args")
    others = {key: value for key, value in _network(draft).items() if key != "tls_allowlist"}
    _put(draft, "network", {**others, "tls_allowlist": kept} if kept else others)
    return SUCCESS


def _host(args: Reader) -> dict[str, Any]:
    """The arguments may be the host's name alone."""
    if isinstance(args.value, str):
        return {"host": args.name()}
    suffix = args.get("suffix")
    return {"host": args.at("host").name(), **({"suffix": suffix.text()} if suffix else {})}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.get("host") == other.get("host") and one.get("suffix") == other.get("suffix")


def _status(reader: Reader) -> str:
    status = reader.text()
    if status not in _STATUSES:
        reader.fail(f"expected one of {', '.join(_STATUSES)}, encountered {status}")
    return status


def _network(draft: Draft) -> Mapping[str, Any]:
    found: Mapping[str, Any] = draft.metadata.rest.get("network") or {}
    return found


def _allowed(draft: Draft) -> list[Any]:
    return list(_network(draft).get("tls_allowlist") or [])


def _put(draft: Draft, part: str, value: Mapping[str, Any]) -> None:
    others = {key: entry for key, entry in draft.metadata.rest.items() if key != part}
    draft.replace(replace(draft.metadata, rest={**others, part: dict(value)} if value else others))


COMMANDS = (
    Command(name="set_metrics_config", run=set_metrics),
    Command(name="set_opentelemetry_config", run=set_opentelemetry),
    Command(name="set_opentelemetry_status", run=set_opentelemetry_status),
    Command(name="add_host_to_tls_allowlist", run=allow_host),
    Command(name="drop_host_from_tls_allowlist", run=forget_host),
)
