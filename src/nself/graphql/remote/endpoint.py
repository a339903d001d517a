"""Asking a remote service: one bounded HTTP exchange, its answer taken apart, its failures in Hasura's words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec
from msgspec import Struct

from nself.graphql.errors import ApiError
from nself.graphql.metadata.remote_schemas import Definition
from nself.graphql.remote import introspection
from nself.graphql.sessions.session import Session
from nself.graphql.webhooks.env_templates import Environ, filled
from nself.graphql.webhooks.outgoing import Call, Outgoing, OutgoingError, Reply, vouched_for
from nself.records import dataclass

_TIMEOUT_S: Final = 60
_PATIENCE_S: Final = 15
"""For an introspection: whoever starts the server or changes the metadata is waiting for it."""
_LARGEST: Final = 64 * 1024 * 1024
"""Bytes of an answer. A schema is read once and held, so it is bounded more closely."""
_LARGEST_SCHEMA: Final = 24 * 1024 * 1024
_SECRETS: Final = frozenset({"x-hasura-admin-secret", "x-hasura-access-key"})
_MESSAGES: Final = {
    "timeout": "Response timeout",
    "connection": "Connection failure",
    "invalid-request": "Invalid request",
}

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class Answer(Struct, frozen=True):
    """`data` by response key, not parsed further."""

    data: dict[str, msgspec.Raw] | None = None
    errors: Any = None


_decode: Final = msgspec.json.Decoder(Answer).decode


class RemoteErrorsError(ApiError):
    """What the remote says went wrong, for the client as the remote worded it."""

    def __init__(self, errors: list[Any]) -> None:
        super().__init__("remote-schema-error", str(errors[0].get("message")) if errors else "", status=200)
        self.errors = errors

    def below(self, key: str) -> RemoteErrorsError:
        """As seen from the client, who asked for it all under a key of its own."""
        return RemoteErrorsError(
            [
                {**error, "path": [key, *error["path"]]} if isinstance(error.get("path"), list) else error
                for error in self.errors
            ]
        )

    def unplaced(self) -> RemoteErrorsError:
        """Without places in a document that the client did not write."""
        return RemoteErrorsError(
            [{key: value for key, value in error.items() if key not in ("path", "locations")} for error in self.errors]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a remote schema is, with its configured headers. `shown_url` has no secrets in it: it is for messages."""

    url: str
    shown_url: str
    headers: Mapping[str, str]
    forward_client_headers: bool
    timeout_s: float
    outgoing: Outgoing

    @classmethod
    def of(cls, definition: Definition, environ: Environ, outgoing: Outgoing) -> Endpoint:
        """Raises ApiError for variables that are not set."""
        template = definition.url if definition.url is not None else f"{{{{{definition.url_from_env}}}}}"
        return cls(
            url=filled(template, environ),
            shown_url=definition.shown_url,
            headers={header.name.lower(): header.resolved(environ) for header in definition.headers},
            forward_client_headers=definition.forward_client_headers,
            timeout_s=_TIMEOUT_S if definition.timeout_s is None else definition.timeout_s,
            outgoing=outgoing,
        )

    async def introspect(self) -> bytes:
        """The answer to the standard introspection query."""
        bounded = replace(self, timeout_s=min(self.timeout_s, _PATIENCE_S))
        reply = await bounded._send({"query": introspection.QUERY}, self.headers, _LARGEST_SCHEMA)
        if not reply.succeeded or reply.cut:
            said = "more than can be a schema" if reply.cut else f"status {reply.status}"
            message = f'the introspection query to "{self.shown_url}" was answered with {said}'
            raise introspection.IntrospectionError(message)
        return reply.body

    async def ask(
        self, document: Mapping[str, Any], session: Session, client: Mapping[str, str]
    ) -> tuple[Answer, list[tuple[str, str]]]:
        """The answer, and the cookies it sets. Raises RemoteErrorsError for errors of the remote's own."""
        reply = await self._send(document, self._headers(session, client), _LARGEST)
        if reply.cut:
            raise self._failed(f"the answer is larger than {_LARGEST} bytes")
        answer = await _read(reply.body)
        if answer.errors:
            raise RemoteErrorsError(_presentable(answer.errors))
        return answer, [(name, value) for name, value in reply.headers if name == "set-cookie"]

    def _headers(self, session: Session, client: Mapping[str, str]) -> dict[str, str]:
        """Of equal names the configured one counts, then the session's own, then the client's."""
        passed = vouched_for(client, session.variables) if self.forward_client_headers else {}
        own = {**session.variables, "x-hasura-role": session.role}
        return {**passed, **{name: value for name, value in own.items() if name not in _SECRETS}, **self.headers}

    async def _send(self, document: Mapping[str, Any], headers: Mapping[str, str], limit: int) -> Reply:
        call = Call(url=self.url, body=_encode(document), headers=headers, timeout_s=self.timeout_s, limit=limit)
        try:
            return await self.outgoing.send(call)
        except OutgoingError as error:
            raise self._failed(_MESSAGES[error.reason]) from error

    def _failed(self, said: str) -> ApiError:
        internal = {"type": "http_exception", "message": said, "request": {"method": "POST", "url": self.shown_url}}
        message = f'HTTP exception occurred while sending the request to "{self.shown_url}"'
        return ApiError("remote-schema-error", message, internal=internal)


_SMALL: Final = 1024 * 1024
"""Bytes that are read in no time."""


async def _read(body: bytes) -> Answer:
    try:
        answer = _answer(body) if len(body) < _SMALL else await asyncio.to_thread(_answer, body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError("unexpected", f"Remote server response is not valid JSON: {error}") from error
    if answer.data is None and not answer.errors:
        raise ApiError("unexpected", 'Remote server response has neither "data" nor "errors"')
    return answer


def _answer(body: bytes) -> Answer:
    # What is passed on unparsed has not been looked at as text either.
    return _decode(body.decode())


def _presentable(errors: Any) -> list[Any]:
    """Every error an object with a message: what clients rely on."""
    listed = errors if isinstance(errors, list) else [errors]
    return [
        {"message": "the remote server gave no message", **_without_bad_message(error)}
        if isinstance(error, dict)
        else {"message": str(error)}
        for error in listed
    ]


def _without_bad_message(error: dict[str, Any]) -> dict[str, Any]:
    return error if isinstance(error.get("message"), str) else {k: v for k, v in error.items() if k != "message"}
