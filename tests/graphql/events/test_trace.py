"""Which trace a request belongs to."""

from __future__ import annotations

import re

import pytest

from nself.graphql.events import trace

LONG, SHORT, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("headers", "trace_id"),
    [
        ({"traceparent": f"00-{LONG}-{SPAN}-01"}, LONG),
        ({"traceparent": f"01-{LONG}-{SPAN}-01-what-comes-later"}, LONG),
        ({"b3": f"{LONG}-{SPAN}-1"}, LONG),
        ({"b3": f"{SHORT}-{SPAN}"}, SHORT),
        ({"x-b3-traceid": LONG.upper(), "x-b3-spanid": SPAN}, LONG),
        ({"traceparent": f"00-{LONG}-{SPAN}-01", "b3": f"{SHORT}-{SPAN}"}, LONG),
        ({"traceparent": "nonsense", "b3": f"{SHORT}-{SPAN}"}, SHORT),
        ({"b3": "0", "x-b3-traceid": SHORT, "x-b3-spanid": SPAN}, SHORT),
    ],
)
def test_headers_tell(headers: dict[str, str], trace_id: str) -> None:
    assert trace.of(headers) == trace.Trace(trace_id, SPAN)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"traceparent": f"ff-{LONG}-{SPAN}-01"},
        {"traceparent": f"00-{'0' * 32}-{SPAN}-01"},
        {"traceparent": f"00-{LONG}-{'0' * 16}-01"},
        {"traceparent": f"00-{LONG}-{SPAN}-01\n"},
        {"traceparent": "00-" + "'" * 32 + f"-{SPAN}-01"},
        {"b3": "0"},
        {"x-b3-traceid": LONG},
        {"x-b3-spanid": SPAN},
    ],
)
def test_what_says_nothing_sensible_begins_a_trace(headers: dict[str, str]) -> None:
    one, other = trace.of(headers), trace.of(headers)
    assert one != other
    assert re.fullmatch("[0-9a-f]{32}", one.trace_id)
    assert re.fullmatch("[0-9a-f]{16}", one.span_id)
    assert LONG not in one.trace_id
