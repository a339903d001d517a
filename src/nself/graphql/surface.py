"""What every endpoint works with, opened once per server."""

from __future__ import annotations

from nself.graphql.engine import Engine
from nself.graphql.metadata.live import LiveMetadata
from nself.graphql.sessions.authenticate import Authenticator
from nself.graphql.settings import GraphqlSettings
from nself.graphql.subscriptions.registry import Subscriptions
from nself.graphql.websocket.sockets import Sockets
from nself.pg.database import Database
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    settings: GraphqlSettings
    metadata_database: Database
    """Where the metadata is kept, and what else belongs to no source."""
    engine: Engine
    live: LiveMetadata
    authenticator: Authenticator
    subscriptions: Subscriptions
    sockets: Sockets
