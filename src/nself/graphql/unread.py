"""Variables of Hasura's that say something this server does not act on: whoever set them should know."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nself.graphql.metadata import export
from nself.graphql.metadata.model import Metadata
from nself.graphql.settings import GraphqlSettings
from nself.settings import declared_names
from nself.web.json import encode

PREFIX = "HASURA_GRAPHQL_"


def unread(environ: Mapping[str, str], metadata: Metadata) -> list[str]:
    """Those set that are neither a setting nor named by the metadata (`{"from_env": ...}`)."""
    declared = declared_names((GraphqlSettings,))
    names = sorted(name for name in environ if name.startswith(PREFIX) and name not in declared)
    text = encode(export.shown(metadata)).decode() if names else ""
    return [name for name in names if not re.search(rf"\b{re.escape(name)}\b", text)]
