"""HTTP to a sibling server: in-process when it shares ours, over the network otherwise. Callers cannot tell."""

from __future__ import annotations

import httpx

from nself.web.inprocess import InProcess
from nself.web.server import Peers


def client(url: str, *, peer: str, peers: Peers, timeout_s: float = 30.0) -> httpx.AsyncClient:
    """A client whose base is `url`; if `peer` lives in this process, no socket is opened."""
    transport = InProcess(peers[peer]) if peer in peers else None
    return httpx.AsyncClient(base_url=url, transport=transport, timeout=timeout_s, trust_env=False)
