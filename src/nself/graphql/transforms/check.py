"""Transforms looked at before metadata takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.metadata.reader import Reader
from nself.graphql.transforms.failures import TemplateError
from nself.graphql.transforms.model import check_request, check_response, request_transform, response_transform

Json = Any


def refuse_unreadable(request: Mapping[str, Json] | None, response: Mapping[str, Json] | None) -> None:
    """Raises ApiError for transforms of the metadata that are none, or hold a template that is none."""
    if request is not None:
        wanted = request_transform(Reader(request, ".request_transform"))
        try:
            check_request(wanted)
        except TemplateError as error:
            raise invalid("request", error) from error
    if response is not None:
        after = response_transform(Reader(response, ".response_transform"))
        try:
            check_response(after)
        except TemplateError as error:
            raise invalid("response", error) from error


def invalid(which: str, error: TemplateError) -> ApiError:
    message = f"{which} transform validation failed"
    return ApiError("validation-failed", message, path="$.args", internal=[error.told])
