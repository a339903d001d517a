from __future__ import annotations

import httpx
import pytest

from nself.actions.objects import prepare
from nself.events import Event, Warned
from nself.s3.client import Client
from nself.s3.errors import StoreError
from nself.s3.signature import Access


def test_a_store_without_policies_keeps_its_public_bucket_private_and_says_so() -> None:
    body = "<Error><Code>NotImplemented</Code><Message>no policies here</Message></Error>"
    transport = httpx.MockTransport(lambda request: httpx.Response(501, text=body))
    access = Access(key="k", secret="s" * 40, region="garage")
    client, said = Client("http://store", access, http=httpx.Client(transport=transport)), list[Event]()
    prepare._open_to_all(client, "public", said.append)
    (warning,) = said
    assert isinstance(warning, Warned)
    assert "public stays private" in warning.text
    assert "NotImplemented" in warning.text


def test_a_store_must_give_back_what_it_took() -> None:
    """The content is not empty: SeaweedFS takes empty objects while none of its volumes are known."""
    asked: list[tuple[str, bytes]] = []

    def forgetful(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.read()))
        return httpx.Response(200, headers={"etag": '"e"'})

    access = Access(key="k", secret="s" * 40, region="garage")
    client = Client("http://store", access, http=httpx.Client(transport=httpx.MockTransport(forgetful)))
    with pytest.raises(StoreError, match="gave back 0 bytes"):
        prepare._prove(client, "files")
    assert [method for method, _ in asked] == ["PUT", "GET", "DELETE"]
    assert asked[0][1]
