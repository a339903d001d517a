"""Bringing a metadata directory into force at start: when it holds something else than what was applied last."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from nself.errors import ConfigError
from nself.graphql.errors import ApiError
from nself.graphql.metadata import directory, service_tables
from nself.graphql.metadata.live import LiveMetadata
from nself.graphql.sessions.session import ADMIN, Session

LOG = logging.getLogger("nself.graphql")


async def apply_directory(live: LiveMetadata, folder: Path) -> bool:
    """Whether it was applied. A directory that cannot be used is logged; the stored metadata stays in force."""
    if not folder.exists():
        LOG.info("there is no metadata directory %s", folder)
        return False
    try:
        metadata = await asyncio.to_thread(directory.read, folder)
    except ConfigError as error:
        LOG.error("metadata directory not applied: %s", error)
        return False
    fingerprint = directory.digest(metadata)
    if await live.store.applied_digest() == fingerprint:
        return False
    try:
        async with live.draft(Session(role=ADMIN, trusted=True)) as draft:
            draft.replace(service_tables.keeping(metadata, draft.metadata), tolerate=True)
            await draft.settle(tolerate=True)
    except ApiError as error:
        LOG.error("metadata directory not applied: %s at %s", error.message, error.path)
        return False
    await live.store.set_applied_digest(fingerprint)
    for entry in live.inconsistencies:
        LOG.warning("inconsistent metadata: %s: %s", entry.name, entry.reason)
    LOG.info("metadata directory %s applied, resource version %d", folder, live.stored.version)
    return True
