"""The headers of a request as every layer reads them."""

from __future__ import annotations

from starlette.types import Scope


def headers_of(scope: Scope) -> dict[str, str]:
    """Made once a request. Names are lower-case already; of a repeated header the first counts."""
    known: dict[str, str] | None = scope.get("nself.headers")
    if known is None:
        found = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        known = scope["nself.headers"] = dict(reversed(found))
    return known
