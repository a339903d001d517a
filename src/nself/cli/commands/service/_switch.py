"""What `service enable` and `service disable` share: the change, how it is told, and the start that is offered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App
from nself.cli.commands import start
from nself.cli.commands.config.change import target
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.service.switch import Switched


def switch(app: App, context: click.Context, word: str, *, on: bool) -> None:
    from nself.actions.service import switch as action

    done = action.switch(target(app, {}), word, on=on)
    offered = done.changed and app.output.interactive and not app.assume_yes

    def human(done: Switched) -> Iterator[Line]:
        state = "enabled" if done.enabled else "disabled"
        if not done.changed:
            yield f"✓ {done.service} is {state} already" + (f" ({done.file}:{done.line})" if done.file else "")
            return
        yield f"✓ {done.service} is {state}: {done.file}:{done.line}: {done.key}={str(done.enabled).lower()}"
        if done.generated:
            yield f"✓ made {', '.join(done.generated)}"
        if not offered:
            yield "next: nself start"

    app.output.result(done, human)
    if offered and app.output.ask("Apply it now (nself start)?"):
        context.invoke(start.command)
