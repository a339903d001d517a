"""Where a link of ours may lead: the allow-list of redirect targets, compared by parsed parts."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode

from nself.auth.settings import AuthSettings
from nself.errors import ConfigError
from nself.records import dataclass

_PARTS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)")
_URI = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
"""RFC 3986's characters alone. Browsers drop blanks, turn backslashes into slashes and fold wide letters into narrow
ones, so with anything else the host we read may not be the one they go to."""

_HOST = re.compile(r"[a-z0-9._~-]*|\[[0-9a-f:.]+\]")

_DEFAULT_PORTS = {"http": "80", "https": "443"}
MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of a URL that decide. `port` is '' where it is the scheme's own."""

    scheme: str
    host: str
    port: str
    path: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """One allowed URL with its globs: `*` within a host label or path segment, `**` across them."""

    scheme: str
    host: re.Pattern[str]
    port: str
    path: re.Pattern[str]

    def matches(self, target: Target) -> bool:
        return (
            self.scheme == target.scheme
            and self.port == target.port
            and bool(self.host.fullmatch(target.host))
            and bool(self.path.match(target.path))
        )


@dataclass(frozen=True, slots=True)
class AllowList:
    """`home` is AUTH_CLIENT_URL, where everything leads that names no target."""

    home: str
    patterns: tuple[Pattern, ...]

    @classmethod
    def from_settings(cls, settings: AuthSettings) -> AllowList:
        """ConfigError names an entry that is no URL: it would allow nothing, and nobody would know why."""
        entries = [("AUTH_ACCESS_CONTROL_ALLOWED_REDIRECT_URLS", text) for text in settings.allowed_redirect_urls]
        if settings.client_url:
            entries.insert(0, ("AUTH_CLIENT_URL", settings.client_url))
        patterns = []
        for variable, text in entries:
            pattern = compile_pattern(text)
            if pattern is None:
                raise ConfigError(
                    f"{variable}: expected a URL with its scheme, as in https://app.example.com, got {text}"
                )
            patterns.append(pattern)
        return cls(settings.client_url, tuple(patterns))

    def allows(self, url: str) -> bool:
        target = parse(url)
        return target is not None and any(pattern.matches(target) for pattern in self.patterns)


def parse(url: str) -> Target | None:
    """The deciding parts, or None for what no browser and no app should be sent to."""
    if len(url) > MAX_LENGTH or not _URI.fullmatch(url):
        return None
    parts = _PARTS.match(url)
    if not parts:
        return None
    segments = unquote(parts["path"]).replace("\\", "/").split("/")
    if {".", ".."} & set(segments):
        return None
    scheme = parts["scheme"].lower()
    host, port = _host_and_port(scheme, parts["authority"].lower())
    if not _HOST.fullmatch(host) or (scheme in _DEFAULT_PORTS and not host):
        return None
    return Target(scheme, host, port, parts["path"] or "/")


def compile_pattern(text: str) -> Pattern | None:
    """None for what is no URL."""
    parts = _PARTS.match(text.strip())
    if not parts or "@" in parts["authority"]:
        return None
    scheme = parts["scheme"].lower()
    host, port = _host_and_port(scheme, parts["authority"].lower())
    if scheme in _DEFAULT_PORTS and not host:
        return None
    anywhere = "[^/]*"  # `myapp://` names an app, and all that follows is that app's own
    path = parts["path"].rstrip("/")
    return Pattern(
        scheme, re.compile(_glob(host) if host else anywhere), port, re.compile(_glob(path) + r"(?:/|\Z)", re.DOTALL)
    )


def with_query(url: str, **values: str) -> str:
    """The URL with these query parameters set; those it has under the same names give way.

    By hand, since urllib's joiner loses the slashes of an app's `myapp://`.
    """
    rest, hash_sign, fragment = url.partition("#")
    base, _, query = rest.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in values]
    return f"{base}?{urlencode([*kept, *values.items()])}{hash_sign}{fragment}"


def _host_and_port(scheme: str, authority: str) -> tuple[str, str]:
    host, colon, port = authority.rpartition(":")
    if not colon or not (port.isdecimal() or port == ""):  # no port, or the colons of an IPv6 address
        host, port = authority, ""
    return host, "" if port == _DEFAULT_PORTS.get(scheme) else port


def _glob(text: str) -> str:
    pieces = re.split(r"(\*\*|\*)", text)
    return "".join({"**": "[^/]+(?:/[^/]+)*", "*": "[^./]+"}.get(piece, re.escape(piece)) for piece in pieces)
