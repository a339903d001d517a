"""Names of a service's copies: the first has the service's own name, the others a number behind a dot.

No service can be called so: a dot is not allowed in a service's name. Thus a copy never takes another service's place.
"""

from __future__ import annotations

MARK = "."


def name(service: str, number: int) -> str:
    """The name of the copy `number`, counted from 1: `web`, `web.2`, `web.3`."""
    return service if number == 1 else f"{service}{MARK}{number}"


def more(service: str, count: int) -> list[str]:
    """Names of the copies after the first, when there are `count` in all."""
    return [name(service, number) for number in range(2, count + 1)]


def service_of(copy: str) -> str:
    """The service a copy belongs to; a service's own name is its own."""
    return copy.partition(MARK)[0]


def number_of(copy: str) -> int:
    """Which copy it is, counted from 1."""
    return int(copy.partition(MARK)[2] or 1)
