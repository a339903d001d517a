"""Where services are found by name, a request that reached nobody is passed on once more.

A replica that ended leaves its address behind for a moment, and nginx tries no other one for a request during which it
learns that the name is gone: the client would get 502 or 504 while others are well. What comes here a second time
meets the upstream as it is by then. A request that a service may have begun to work on is repeated only if it asks for
nothing but an answer.
"""

from __future__ import annotations

from nself.model.spec import Route
from nself.render.nginx.syntax import Lines, block, directive, quoted

TRIED = "$request_method $body_comes $upstream_connect_time"
"""The method, how the body comes, and for each address that was tried the seconds until it was connected: `-` if it
never was. Those of a second round follow a colon, so that neither form matches then."""
NEVER_SENT = r"~^[A-Z]+ whole (-, )*-$"
LAST_UNREACHED = r"~^(GET|HEAD|OPTIONS) [a-z]+ ([-0-9.]+, )*-$"


def maps(pages: dict[int, str]) -> Lines:
    """`pages` is what answers otherwise: {status: where its page is}."""
    lines: Lines = []
    for status, page in pages.items():
        forms = [directive(quoted(form), "$again") for form in (NEVER_SENT, LAST_UNREACHED)]
        # Asked once in each round: `volatile` forgets the answer of the first.
        lines += block("map", TRIED, variable(status), body=["volatile;", directive("default", page), *forms])
    return lines


def variable(status: int) -> str:
    return f"$answer_{status}"


def here(route: Route) -> Lines:
    """Within the location of `route`: where its requests come a second time. Of a body that is passed on as it arrives
    the beginning may be gone by then."""
    how = "piecemeal" if route.stream_request else "whole"
    return [directive("set", "$again", _name(route)), directive("set", "$body_comes", how)]


def location(route: Route, body: Lines) -> Lines:
    """`body` passes a request on as the location of `route` does."""
    return block("location", _name(route), body=body)


def _name(route: Route) -> str:
    return f"@again{route.path}"
