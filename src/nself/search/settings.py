"""Variables of search, whichever engine does it, and those of Meilisearch."""

from __future__ import annotations

from enum import StrEnum

from nself.records import dataclass
from nself.settings import IMAGE, ROUTE, TAG, env


class Kind(StrEnum):
    """Engines that there are. One more is a member here, a class that is an `Engine`, and a service if it runs."""

    POSTGRES = "postgres"
    MEILISEARCH = "meilisearch"


class MeilisearchEnv(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """Which engine keeps the indexes of search/indexes.yml."""

    switched_on: bool = env("SEARCH_ENABLED", default=True, help="false: no engine runs, and search commands refuse.")
    engine: Kind | None = env(
        "SEARCH_ENGINE",
        default=None,
        help="What finds: postgres needs no process of its own and is the default, meilisearch runs beside it.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeilisearchSettings:
    """Variables of Meilisearch."""

    enabled: bool = env(
        "MEILISEARCH_ENABLED", default=False, help="Older way to say SEARCH_ENGINE=meilisearch, which wins over it."
    )
    version: str | None = env(
        "MEILISEARCH_VERSION", default=None, pattern=TAG, help="Tag of its image; the pinned one when unset."
    )
    image: str | None = env(
        "MEILISEARCH_IMAGE", default=None, pattern=IMAGE, help="Another container image in its place."
    )
    port: int | None = env(
        "MEILISEARCH_PORT",
        default=None,
        aliases=("SEARCH_PORT",),
        minimum=1,
        maximum=65535,
        help="Its port; a free one from 7700 when unset.",
    )
    master_key: str = env(
        "MEILISEARCH_MASTER_KEY",
        default="",
        aliases=("SEARCH_API_KEY",),
        secret=True,
        minimum=16,
        generate=32,
        help="The key that may do everything in Meilisearch, other keys included. Never give it to an application.",
    )
    mode: MeilisearchEnv | None = env(
        "MEILISEARCH_ENV",
        default=None,
        help="development also shows its search page; development in dev, production elsewhere when unset.",
    )
    route: str | None = env(
        "SEARCH_ROUTE",
        default=None,
        aliases=("MEILISEARCH_ROUTE",),
        pattern=ROUTE,
        help="Public host of Meilisearch: a label below BASE_DOMAIN; search when unset.",
    )
