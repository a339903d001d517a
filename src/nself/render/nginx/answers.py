"""What nginx itself answers: the headers on every response, and bodies for its own errors that programs and people
can read."""

from __future__ import annotations

import json

from nself.model.project import Environment, Project
from nself.model.proxy import ProxySettings
from nself.render.nginx import repeats
from nself.render.nginx.syntax import Lines, block, directive

TWO_YEARS_S = 63_072_000
PREFIX = "/.nself"
"""Internal locations: a client that asks for one gets 404."""
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
REASONS = {
    413: ("payload-too-large", "The request body is larger than this service takes."),
    429: ("too-many-requests", "Too many requests. Wait a moment and try again."),
    502: ("service-unavailable", "This service is not answering. It may be starting; try again in a moment."),
    504: ("service-timeout", "This service took too long to answer."),
}
UNREACHED = (502, 504)
RETRY_AFTER_S = {429: 1, 502: 2}
PAGE = (
    "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>{title}</title>"
    "<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}}</style>"
    "<h1>{title}</h1><p>{message}</p>"
)


def headers(project: Project, settings: ProxySettings) -> Lines:
    """`add_header` replaces those of outer levels, so every level that adds one includes this file too."""
    found = {"X-Request-ID": "$request_reference"}
    if settings.security_headers_enabled:
        found |= {name: f"${variable(name)}" for name in SECURITY}
        if project.env is Environment.PROD and settings.tls:
            # Browsers then refuse plain HTTP for two years, so it is for the one place that is there to stay.
            found["Strict-Transport-Security"] = f"max-age={TWO_YEARS_S}; includeSubDomains"
    return [directive("add_header", name, value, "always") for name, value in found.items()]


def maps() -> Lines:
    """A service that sets a security header itself knows better: an empty value is not sent. Browsers that navigate
    get errors as a page."""
    lines = block("map", "$http_accept", "$answer_form", body=["default json;", "~text/html html;"])
    for name, value in SECURITY.items():
        upstream = f"$upstream_http_{name.lower().replace('-', '_')}"
        lines += block("map", upstream, f"${variable(name)}", body=[directive("''", value), "default '';"])
    return lines


def variable(name: str) -> str:
    return "answer_" + name.lower().replace("-", "_")


def error_pages(*, again: bool = False) -> Lines:
    """`again`: who reached nobody is passed on once more before there is an answer."""
    pages = {status: f"{PREFIX}/{status}.$answer_form" for status in REASONS}
    if not again:
        return [directive("error_page", status, page) for status, page in pages.items()]
    unreached = {status: pages.pop(status) for status in UNREACHED}
    return [
        *repeats.maps(unreached),
        *(directive("error_page", status, page) for status, page in pages.items()),
        *(directive("error_page", status, "=", repeats.variable(status)) for status in unreached),
        # What came a second time has an answer as well.
        directive("recursive_error_pages", "on"),
    ]


def locations() -> Lines:
    lines: Lines = []
    for status, (code, message) in REASONS.items():
        title = code.replace("-", " ").capitalize()
        document = json.dumps({"error": code, "message": message, "status": status})
        lines += _location(status, "json", "application/json", document)
        lines += _location(status, "html", "text/html", PAGE.format(title=title, message=message))
    return lines


def _location(status: int, form: str, content_type: str, body: str) -> Lines:
    retry = [directive("add_header", "Retry-After", RETRY_AFTER_S[status], "always")] if status in RETRY_AFTER_S else []
    return block(
        "location",
        "=",
        f"{PREFIX}/{status}.{form}",
        body=[
            "internal;",
            directive("default_type", content_type),
            directive("include", "headers.conf"),
            # Without it a browser hides the status from the page that asked.
            directive("add_header", "Access-Control-Allow-Origin", "*", "always"),
            directive("add_header", "Cache-Control", "no-store", "always"),
            *retry,
            directive("return", status, body),
        ],
    )
