"""Where contents live: one file a backend, all alike behind `Backend`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

from nself.storage.model import Stored
from nself.storage.ranges import Span
from nself.storage.spool import Spooled


class Backend(Protocol):
    """Contents by file id. A put replaces as a whole: readers see the old content or the new, never a mixture.

    Raises FileMissingError for an unknown id, StoreFullError, StoreUnavailableError.
    """

    staging: Path
    """Where uploads are to be spooled, so that a put need not copy them."""

    async def open(self) -> None:
        """Get ready; called once before anything else."""
        ...

    async def close(self) -> None: ...

    async def put(self, key: str, content: Spooled, *, mime_type: str) -> str:
        """Make `content` the content of `key`, durably; its etag. May take `content.path` away."""
        ...

    async def stat(self, key: str) -> Stored: ...

    async def read(self, key: str, stored: Stored, span: Span) -> AsyncGenerator[bytes, None]:
        """The bytes of `span` of exactly the content that `stat` saw: ContentChangedError if it is another by now.

        Close the iterator (`aclose`) when it is not read to the end.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove the content; that there is none is fine."""
        ...
