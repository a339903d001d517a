from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.transforms.apply import answer, request_names, transformed
from nself.graphql.transforms.failures import TemplateError
from nself.graphql.webhooks.outgoing import Call

BODY = {"input": {"name": "Ada & Bob", "age": 36}}
CALL = Call(url="http://host/hook?old=1", body=json.dumps(BODY).encode(), headers={"X-Secret": "s"})
VARIABLES = {"x-hasura-user-id": "7"}


def made(transform: dict[str, Any], url: str = CALL.url) -> Call:
    return transformed(transform, replace(CALL, url=url), BODY, VARIABLES)


def test_what_is_not_mentioned_stays() -> None:
    found = made({"version": 2})
    assert (found.url, found.method, found.body) == (CALL.url, "POST", CALL.body)
    assert found.headers == {"x-secret": "s"}


def test_the_whole_request_is_rewritten() -> None:
    found = made(
        {
            "version": 2,
            "template_engine": "Kriti",
            "method": "put",
            "url": "{{ $base_url }}/users/{{ $session_variables['x-hasura-user-id'] }}",
            "query_params": {"age": "{{ $body.input.age }}", "gone": "{{ $body.input?.none }}", "off": None},
            "request_headers": {"add_headers": {"X-Age": "{{ $body.input.age }}"}, "remove_headers": ["x-secret"]},
            "body": {"action": "transform", "template": '{"name": {{ $body.input.name }}}'},
        },
        url="http://host/api",
    )
    assert (found.method, found.url) == ("PUT", "http://host/api/users/7?age=36")
    assert json.loads(found.body or b"") == {"name": "Ada & Bob"}
    assert found.headers == {"x-age": "36"}


def test_query_parameters_may_be_one_template() -> None:
    found = made({"version": 2, "query_params": "{{ concat(['a=', escapeUri($body.input.name)]) }}"})
    assert found.url == "http://host/hook?a=Ada%20%26%20Bob"


def test_a_body_can_be_taken_away() -> None:
    assert made({"version": 2, "body": {"action": "remove"}}).body is None


def test_a_form_has_its_content_type_and_no_nulls() -> None:
    fields = {"name": "{{ $body.input.name }}", "b": "1", "none": "{{ $body?.none }}"}
    found = made({"version": 2, "body": {"action": "x_www_form_urlencoded", "form_template": fields}})
    assert found.body == b"b=1&name=Ada%20%26%20Bob"
    assert (found.headers or {})["content-type"] == "application/x-www-form-urlencoded"


def test_version_1_has_its_template_as_the_body_and_a_content_type() -> None:
    assert json.loads(made({"body": "{{ $body.input }}"}).body or b"") == BODY["input"]
    form = made({"version": 1, "body": "{{ $body.input }}", "content_type": "application/x-www-form-urlencoded"})
    assert form.body == b"age=36&name=Ada%20%26%20Bob"


def test_a_value_cannot_add_a_header_line() -> None:
    found = transformed(
        {"version": 2, "request_headers": {"add_headers": {"x-a": "{{ $body.a }}"}}}, CALL, {"a": "b\r\nx-c: d"}, {}
    )
    # Refused when it is sent: `outgoing` takes no such value.
    assert (found.headers or {})["x-a"] == "b\r\nx-c: d"


@pytest.mark.parametrize(
    "transform",
    [
        {"version": 3},
        {"template_engine": "Jinja"},
        {"version": 2, "body": {"action": "explode"}},
        {"version": 2, "body": {"action": "transform"}},
        {"method": "TRACE"},
        {"url": 1},
    ],
)
def test_a_transform_that_is_none_is_refused(transform: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        made(transform)
    assert caught.value.code == "parse-failed"


def test_a_template_that_fails_says_so() -> None:
    with pytest.raises(TemplateError, match="not found in path"):
        made({"url": "{{ $body.none }}"})


def test_a_response_is_rewritten_knowing_its_request() -> None:
    transform = {
        "version": 2,
        "body": {
            "action": "transform",
            "template": '{"id": {{ $body.id }}, "age": {{ $request.body.input.age }}, "s": {{ $response.status }}}',
        },
    }
    request = request_names(CALL.url, BODY, VARIABLES)
    found = answer(transform, {"id": 5}, status=200, request=request, variables=VARIABLES)
    assert found == {"id": 5, "age": 36, "s": 200}
