"""What is done once a service is well, before anything that needs it is started: one step a service."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nself.actions.database import connection as database
from nself.actions.redis import cluster
from nself.actions.stack import Stack
from nself.events import Emit
from nself.runtimes.outcome import After
from nself.services import object_stores, postgres, redis


def after(opened: Stack) -> After:
    steps: dict[str, Callable[[Emit], None]] = {postgres.NAME: partial(database.prepare, opened)}
    store = object_stores.chosen(opened.project)
    if store:
        steps[store] = partial(_objects, opened)
    if cluster.wanted(opened.project):
        steps[redis.NAME] = partial(cluster.together, opened)
    return steps


def _objects(opened: Stack, emit: Emit) -> None:
    from nself.actions.objects import prepare  # with an HTTP client, which most projects have no use for here

    prepare.prepare(opened, emit)
