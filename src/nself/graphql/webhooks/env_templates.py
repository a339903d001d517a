"""What metadata takes from the environment: `{{NAME}}` inside URLs, `value_from_env` and `webhook_from_env`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nself.graphql.errors import ApiError
from nself.graphql.metadata.reader import Reader
from nself.records import dataclass

Environ = Mapping[str, str]
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_OURS = "HASURA_GRAPHQL_"


class UnsetVariableError(ApiError):
    """Metadata names environment variables that are not set."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__("not-found", f"environment variables not set: {', '.join(names)}")


def filled(template: str, environ: Environ) -> str:
    """The text with every `{{NAME}}` replaced. Raises UnsetVariableError."""
    if missing := unset(template, environ):
        raise UnsetVariableError(missing)
    return _VARIABLE.sub(lambda found: environ[found[1]], template)


def unset(template: str, environ: Environ) -> list[str]:
    """The variables a template names that are not there."""
    return sorted({name for name in _VARIABLE.findall(template) if name not in environ})


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A configured header: a fixed value, or the name of the environment variable that holds it."""

    name: str
    value: str | None = None
    from_env: str | None = None

    def resolved(self, environ: Environ) -> str:
        if self.from_env is None:
            return self.value or ""
        if self.from_env not in environ:
            raise UnsetVariableError([self.from_env])
        return environ[self.from_env]


def header(reader: Reader) -> Header:
    """`{name, value}` or `{name, value_from_env}`."""
    value, variable = reader.get("value"), reader.get("value_from_env")
    if value and variable:
        reader.fail("expecting only one of value or value_from_env keys")
    if value:
        return Header(name=reader.at("name").name(), value=value.text())
    if not variable:
        reader.fail("expecting value or value_from_env keys")
    if variable.name().startswith(_OURS):
        variable.fail(f'env variables starting with "{_OURS}" are not allowed in value_from_env: {variable.value}')
    return Header(name=reader.at("name").name(), from_env=variable.name())


def headers(reader: Reader | None) -> tuple[Header, ...]:
    return tuple(header(item) for item in reader.items()) if reader else ()


def exported(entries: Sequence[Header]) -> list[dict[str, str]]:
    """As metadata writes them."""
    return [
        {"name": entry.name, "value": entry.value}
        if entry.value is not None
        else {"name": entry.name, "value_from_env": entry.from_env or ""}
        for entry in entries
    ]
