"""A word where a service of the project was to be named: mistyped, or one that is switched off?"""

from __future__ import annotations

from collections.abc import Collection

from nself.errors import UnknownNameError, UsageError


def unknown_service(name: str, known: Collection[str]) -> UsageError:
    """What to raise; `known` are the names of the project's services."""
    # Every command on a stack has this at hand, and few are mistaken.
    from nself.services.catalogue import catalogue

    if name in catalogue():
        return UsageError(
            f"{name} is not enabled in this project", fixes=[f"nself service enable {name}", "nself service list"]
        )
    return UnknownNameError(
        f"there is no service {name!r} in this project", name, known, fixes=[f"the services are {', '.join(known)}"]
    )
