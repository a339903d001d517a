"""`request_transform` and `response_transform` of the metadata, read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct, field

from nself.graphql.metadata.reader import Reader
from nself.graphql.transforms.parser import parsed, parsed_text

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
FORM: Final = "application/x-www-form-urlencoded"


class Removed(Struct, frozen=True):
    """No body at all."""


class Rewritten(Struct, frozen=True):
    """The JSON that the template makes."""

    template: str


class Form(Struct, frozen=True):
    """A form, a template each field; one that makes null is left out."""

    fields: Mapping[str, str | None]


class AsForm(Struct, frozen=True):
    """Version 1 with a form's content type: the object that the template makes (or the body as it is) as a form."""

    template: str | None


Body: TypeAlias = Removed | Rewritten | Form | AsForm


class RequestTransform(Struct, frozen=True, kw_only=True):
    """Texts are templates, but for `method`. `query` is a template for each parameter, or one for all of them."""

    version: Literal[1, 2] = 1
    method: str | None = None
    url: str | None = None
    body: Body | None = None
    query: Mapping[str, str | None] | str | None = None
    add_headers: Mapping[str, str] = field(default_factory=dict)
    remove_headers: frozenset[str] = frozenset()


class ResponseTransform(Struct, frozen=True, kw_only=True):
    body: Body | None = None


def request_transform(reader: Reader) -> RequestTransform:
    version = _version(reader)
    url, headers, query = reader.get("url"), reader.get("request_headers"), reader.get("query_params")
    added, removed = (headers.get(key) if headers else None for key in ("add_headers", "remove_headers"))
    content_type = reader.get("content_type")
    body = _body(reader, version)
    if content_type and content_type.text().lower() == FORM and isinstance(body, Rewritten | None):
        body = AsForm(body.template if body else None)
    found = _texts(added) if added else {}
    if content_type:
        found = {"content-type": content_type.text(), **found}
    return RequestTransform(
        version=version,
        method=_method(reader),
        url=url.text() if url else None,
        body=body,
        query=_query(query) if query else None,
        add_headers=found,
        remove_headers=frozenset(name.lower() for name in removed.names()) if removed else frozenset(),
    )


def response_transform(reader: Reader) -> ResponseTransform:
    return ResponseTransform(body=_body(reader, _version(reader)))


def check_request(transform: RequestTransform) -> None:
    """Reads every template. Raises TemplateError for the first that is none."""
    _check_body(transform.body)
    texts = [transform.url, *transform.add_headers.values()]
    texts += transform.query.values() if isinstance(transform.query, Mapping) else [transform.query]
    for text in texts:
        if text is not None:
            parsed_text(text)


def check_response(transform: ResponseTransform) -> None:
    _check_body(transform.body)


def _check_body(body: Body | None) -> None:
    match body:
        case Rewritten(template) | AsForm(template):
            if template is not None:
                parsed(template)
        case Form(fields):
            for text in fields.values():
                if text is not None:
                    parsed_text(text)


def _version(reader: Reader) -> Literal[1, 2]:
    engine, version = reader.get("template_engine"), reader.get("version")
    if engine and engine.text() != "Kriti":
        engine.fail(f"expected Kriti, encountered {engine.value}")
    # Some tools write the number as a text.
    if version and version.value not in (1, 2, "1", "2"):
        version.fail(f"expected 1 or 2, encountered {version.value}")
    return 2 if version and str(version.value) == "2" else 1


def _body(reader: Reader, version: int) -> Body | None:
    found = reader.get("body")
    if found is None:
        return None
    if version == 1 or isinstance(found.value, str):
        return Rewritten(found.text())
    action = found.at("action")
    if action.text() not in _BODIES:
        action.fail(f"expected one of {', '.join(_BODIES)}, encountered {action.value}")
    return _BODIES[action.value](found)


def _method(reader: Reader) -> str | None:
    found = reader.get("method")
    if found is None:
        return None
    if found.text().upper() not in _METHODS:
        found.fail(f"expected one of {', '.join(sorted(_METHODS))}, encountered {found.value}")
    return str(found.value).upper()


def _query(reader: Reader) -> dict[str, str | None] | str:
    return reader.text() if isinstance(reader.value, str) else _nullable_texts(reader)


def _texts(reader: Reader) -> dict[str, str]:
    return {key: reader.at(key).text() for key in reader.object()}


def _nullable_texts(reader: Reader) -> dict[str, str | None]:
    return {key: found.text() if (found := reader.get(key)) else None for key in reader.object()}


_BODIES: Final[Mapping[str, Callable[[Reader], Body]]] = {
    "remove": lambda reader: Removed(),
    "transform": lambda reader: Rewritten(reader.at("template").text()),
    "x_www_form_urlencoded": lambda reader: Form(_nullable_texts(reader.at("form_template"))),
}
