"""The start and end of an app, with the reason kept when it cannot start."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nself.errors import NselfError


class KeepsFailure:
    """Passes everything on to `app`. An error of ours that ends its start is kept in `failure`, to be told once and
    without a traceback; one we did not foresee stays the host's to log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.failure: NselfError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"].endswith(".failed"):
                held.append(message)
            else:
                await send(message)

        try:
            await self.app(scope, receive, hold)
        except NselfError as error:
            self.failure = error
            held = _without_text(held)
        except asyncio.CancelledError:
            held = _without_text(held)
            raise
        finally:
            for message in held:
                await send(message)


def _without_text(messages: list[Message]) -> list[Message]:
    """The traceback left out: somebody else tells the reason, or there is none but having been asked to stop."""
    return [{**message, "message": ""} for message in messages]
