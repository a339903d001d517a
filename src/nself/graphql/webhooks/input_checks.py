"""`validate_input` of a permission: before rows are changed, a webhook sees what the client sent and may refuse it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from nself.graphql import joins
from nself.graphql.errors import ApiError
from nself.graphql.metadata.reader import Reader
from nself.graphql.run import Run
from nself.graphql.webhooks.env_templates import Header, UnsetVariableError, filled, headers
from nself.graphql.webhooks.outgoing import Call, OutgoingError, Reply, vouched_for

_FAILED: Final = "the webhook that validates the input could not be asked"
_TIMEOUT_S: Final = 10.0


class InputCheck(Struct, frozen=True, kw_only=True):
    """The webhook of one permission."""

    url: str
    headers: tuple[Header, ...] = ()
    forward_client_headers: bool = False
    timeout_s: float = _TIMEOUT_S


def read(reader: Reader) -> InputCheck:
    """`{type: http, definition: {url, headers, forward_client_headers, timeout}}`."""
    kind = reader.at("type")
    if kind.text() != "http":
        kind.fail(f"expected http, encountered {kind.value}")
    definition = reader.at("definition")
    forward, timeout = definition.get("forward_client_headers"), definition.get("timeout")
    return InputCheck(
        url=definition.at("url").name(),
        headers=headers(definition.get("headers")),
        forward_client_headers=forward.boolean() if forward else False,
        timeout_s=float(timeout.natural()) if timeout else _TIMEOUT_S,
    )


async def ask(run: Run, check: InputCheck, rows: list[Any]) -> None:
    """Raises ApiError: the webhook's refusal, or that it cannot be asked. Then nothing must be changed."""
    session = run.bindings.session
    body = {
        "version": 1,
        "role": session.role,
        "session_variables": {**session.variables, "x-hasura-role": session.role},
        "data": {"input": rows},
    }
    try:
        reply = await run.world.outgoing.send(_call(run, check, joins.encode(body)))
    except (OutgoingError, UnsetVariableError) as error:
        raise ApiError("unexpected", _FAILED, status=500, internal={"error": error.message}) from error
    if not reply.succeeded:
        raise _refusal(reply)


def _call(run: Run, check: InputCheck, body: bytes) -> Call:
    environ = run.world.environ
    own = {header.name.lower(): header.resolved(environ) for header in check.headers}
    client = vouched_for(run.headers, run.bindings.session.variables) if check.forward_client_headers else {}
    return Call(url=filled(check.url, environ), body=body, headers=client | own, timeout_s=check.timeout_s)


def _refusal(reply: Reply) -> ApiError:
    said = _message(reply)
    if reply.status == 400 and said is not None:
        return ApiError("validation-failed", said)
    return ApiError("unexpected", _FAILED, status=500, internal={"status": reply.status, "body": reply.text()[:1000]})


def _message(reply: Reply) -> str | None:
    try:
        value = joins.decode(reply.body)
    except (ValueError, RecursionError):
        return None
    message = value.get("message") if isinstance(value, Mapping) else None
    return message if isinstance(message, str) else None
