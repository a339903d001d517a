"""Tables of auth and storage: these services track them by themselves when they start.

A project's directory need not name them. One that does (Nhost's projects do) has the last word about them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from nself.graphql.metadata.model import Metadata

SCHEMAS: Final = ("auth", "storage")


def keeping(wanted: Metadata, running: Metadata) -> Metadata:
    """`wanted`, with the services' tables that it does not name as they are in `running`."""
    sources = dict(wanted.sources)
    for name, source in running.sources.items():
        if name in sources:
            named = sources[name].tables
            own = {key: one for key, one in source.tables.items() if key.schema in SCHEMAS and key not in named}
            sources[name] = replace(sources[name], tables={**named, **own})
    return replace(wanted, sources=sources)
