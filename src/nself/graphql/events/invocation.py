"""One attempt to deliver: the call, whether it succeeded, and what the log keeps of it.

A log entry holds the body as it was sent and the beginning of the reply. Headers that come from the environment are
secrets more often than not: the log names their variable, not their value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nself.graphql import joins
from nself.graphql.errors import ApiError
from nself.graphql.events.webhooks import Retries, Webhook
from nself.graphql.transforms.apply import transformed
from nself.graphql.transforms.failures import TemplateError
from nself.graphql.webhooks.env_templates import Environ
from nself.graphql.webhooks.outgoing import Call, Outgoing, OutgoingError, Reply
from nself.records import dataclass
from nself.web.json import encode

LOGGED_BYTES: Final = 64 * 1024
"""Of a reply."""
NO_REPLY: Final = 1000
"""What the log has for a status when there was no reply, as in Hasura's."""
_LONGEST_WAIT_S: Final = 30 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`request` and `response` are JSON texts for the log."""

    status: int
    request: str
    response: str
    retry_after_s: int | None = None

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    def wait_s(self, retries: Retries, tries: int) -> int | None:
        """How long to wait for the next attempt when `tries` were made before this one; None: there is none."""
        if self.succeeded or tries >= retries.most:
            return None
        return retries.interval_s if self.retry_after_s is None else self.retry_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What every delivery needs of the server."""

    outgoing: Outgoing
    environ: Environ
    logs_env_headers: bool = False

    async def attempt(self, webhook: Webhook, body: bytes, timeout_s: int) -> Attempt:
        """Never raises for what the webhook does, or for its being misconfigured."""
        request = _request(body, {})
        try:
            call = self._call(webhook, body, timeout_s)
            request = _request(body, self._logged(webhook, call.headers or {}))
            reply = await self.outgoing.send(call)
        except (OutgoingError, ApiError) as error:
            return Attempt(status=NO_REPLY, request=request, response=client_error(error.message))
        except TemplateError as error:
            return Attempt(status=NO_REPLY, request=request, response=client_error(f"request_transform: {error}"))
        return Attempt(
            status=reply.status,
            request=request,
            response=_response(reply),
            retry_after_s=_seconds(reply.header("retry-after")),
        )

    def _call(self, webhook: Webhook, body: bytes, timeout_s: int) -> Call:
        call = Call(
            url=webhook.address(self.environ),
            body=body,
            headers={entry.name.lower(): entry.resolved(self.environ) for entry in webhook.headers},
            timeout_s=max(timeout_s, 1),
            limit=LOGGED_BYTES,
        )
        if webhook.request_transform is None:
            return call
        said = joins.decode(body)
        variables = said.get("event", {}).get("session_variables") or {}
        return transformed(webhook.request_transform, call, said, variables)

    def _logged(self, webhook: Webhook, headers: Mapping[str, str]) -> dict[str, str]:
        hidden = {} if self.logs_env_headers else {entry.name.lower(): entry.from_env for entry in webhook.headers}
        return {name: hidden.get(name) or value for name, value in headers.items()}


def client_error(message: str) -> str:
    """The log's answer where there was none."""
    return encode({"type": "client_error", "data": {"message": message}, "version": "2"}).decode()


def _request(body: bytes, headers: Mapping[str, str]) -> str:
    """What was to be said, which is JSON already, before a transform."""
    listed = [{"name": name, "value": value} for name, value in headers.items()]
    return f'{{"payload": {body.decode()}, "headers": {encode(listed).decode()}, "version": "2"}}'


def _response(reply: Reply) -> str:
    headers = [{"name": name, "value": value} for name, value in reply.headers]
    data = {"status": reply.status, "headers": headers, "body": reply.text(), "size": len(reply.body)}
    if reply.cut:
        data["truncated"] = True
    return encode({"type": "webhook_response", "data": data, "version": "2"}).decode()


def _seconds(retry_after: str | None) -> int | None:
    """Only the form in seconds is understood."""
    if retry_after is None or not retry_after.isascii() or not retry_after.isdigit():
        return None
    return min(int(retry_after[:12]), _LONGEST_WAIT_S)
