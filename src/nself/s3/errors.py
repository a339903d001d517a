"""What can go wrong between the tool and an object store."""

from __future__ import annotations

from collections.abc import Sequence

from nself.errors import NetworkError, NselfError


class StoreError(NselfError):
    """The store refused; `code` is its own word for it."""

    kind = "object-store"

    def __init__(self, message: str, *, code: str = "", fixes: Sequence[str] = ()) -> None:
        super().__init__(message, fixes=fixes)
        self.code = code


class NotInStoreError(StoreError):
    """There is no such bucket or object."""

    kind = "not-found"


class StoreUnreachableError(NetworkError):
    """Nobody answers."""

    kind = "object-store"
