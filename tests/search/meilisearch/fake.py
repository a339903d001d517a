"""A Meilisearch as its public documentation describes it, and stricter: what it does not document, it refuses.

Finding is simple (every word must begin a word of a searchable attribute); what counts is what it is told and asked.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

KEY = "master-key-of-a-test-0001"
SETTINGS = {"searchableAttributes", "filterableAttributes", "sortableAttributes", "displayedAttributes"}
SEARCH = {
    "q": str, "limit": int, "offset": int, "filter": list, "sort": list, "showRankingScore": bool, "facets": list,
    "attributesToHighlight": list, "highlightPreTag": str, "highlightPostTag": str,
}  # fmt: skip
QUOTED = r'"(?:[^"\\]|\\.)*"'
VALUE = rf"(?:{QUOTED}|-?[0-9.]+|true|false)"
CONDITION = re.compile(
    rf"(?P<name>{QUOTED}) (?:(?P<null>IS NULL)|IN \[(?P<list>{VALUE}(?:, {VALUE})*)?\]"
    rf"|(?P<sign>=|!=|>=|<=|>|<) (?P<value>{VALUE}))"
)


class RefusedError(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass
class Held:
    key: str | None
    documents: dict[Any, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Fake:
    """`slow` answers of a task say that it is still processing; `down` answers 503 to everything."""

    indexes: dict[str, Held] = field(default_factory=dict)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    slow: int = 0
    down: bool = False
    url: str = ""

    def answer(self, method: str, path: str, options: dict[str, list[str]], body: Any) -> Any:
        if self.down:
            raise RefusedError(503, "internal")
        match [method, *map(unquote, path.strip("/").split("/"))]:
            case ["GET", "health"]:
                return {"status": "available"}
            case ["GET", "indexes"]:
                require(set(options) <= {"limit", "offset"}, "bad_request")
                shown = list(self.indexes)[: int(options.get("limit", ["20"])[0])]
                return {"results": [{"uid": uid, "primaryKey": self.indexes[uid].key} for uid in shown]}
            case ["POST", "indexes"]:
                require(
                    set(body) <= {"uid", "primaryKey"} and re.fullmatch("[A-Za-z0-9_-]{1,400}", body["uid"]),
                    "invalid_index_uid",
                )
                return self.task(lambda: self.create(body["uid"], body.get("primaryKey")))
            case ["POST", "swap-indexes"]:
                require(isinstance(body, list) and all(set(each) == {"indexes"} for each in body), "bad_request")
                require(all(len(each["indexes"]) == 2 for each in body), "invalid_swap_indexes")
                return self.task(lambda: [self.swap(*each["indexes"]) for each in body])
            case ["GET", "tasks", number]:
                return self.state(int(number))
            case ["DELETE", "indexes", uid]:
                return self.task(lambda: (self.index(uid), self.indexes.pop(uid)))
            case ["PATCH", "indexes", uid, "settings"]:
                require(set(body) <= SETTINGS and all(isinstance(each, list) for each in body.values()), "bad_request")
                return self.task(lambda: self.index(uid).settings.update(body))
            case ["POST", "indexes", uid, "documents"]:
                require(isinstance(body, list) and body and all(isinstance(d, dict) for d in body), "malformed_payload")
                return self.task(lambda: [self.add(self.index(uid), each) for each in body])
            case ["DELETE", "indexes", uid, "documents"]:
                return self.task(lambda: self.index(uid).documents.clear())
            case ["POST", "indexes", uid, "documents", "delete-batch"]:
                require(isinstance(body, list) and all(isinstance(each, int | str) for each in body), "bad_request")
                return self.task(lambda: [self.index(uid).documents.pop(str(each), None) for each in body])
            case ["GET", "indexes", uid, "stats"]:
                return {"numberOfDocuments": len(self.index(uid).documents), "isIndexing": False}
            case ["POST", "indexes", uid, "search"]:
                return self.search(self.index(uid), body)
        raise RefusedError(404, "not_found")

    def task(self, work: Any) -> dict[str, Any]:
        """Told first, done later: an index that is missing fails the task, not the request."""
        try:
            work()
            error = None
        except RefusedError as refused:
            error = {"message": f"refused: {refused.code}", "code": refused.code, "type": "invalid_request"}
        self.tasks.append({"status": "failed" if error else "succeeded", "error": error, "polls": self.slow})
        return {"taskUid": len(self.tasks) - 1, "status": "enqueued"}

    def state(self, number: int) -> dict[str, Any]:
        require(number < len(self.tasks), "task_not_found")
        task = self.tasks[number]
        task["polls"] -= 1
        if task["polls"] >= 0:
            return {"uid": number, "status": "processing", "error": None}
        return {"uid": number, "status": task["status"], "error": task["error"]}

    def create(self, uid: str, key: str | None) -> None:
        require(uid not in self.indexes, "index_already_exists")
        self.indexes[uid] = Held(key)

    def swap(self, first: str, second: str) -> None:
        self.index(first), self.index(second)
        self.indexes[first], self.indexes[second] = self.indexes[second], self.indexes[first]

    def index(self, uid: str) -> Held:
        if uid not in self.indexes:
            raise RefusedError(404, "index_not_found")
        return self.indexes[uid]

    def add(self, held: Held, document: dict[str, Any]) -> None:
        require(held.key in document, "missing_document_id")
        found = str(document[held.key])
        require(re.fullmatch("[A-Za-z0-9_-]{1,511}", found), "invalid_document_id")
        held.documents[found] = document

    def search(self, held: Held, body: dict[str, Any]) -> dict[str, Any]:
        for name, value in body.items():
            require(name in SEARCH and type(value) is SEARCH[name], "bad_request")
        for each in body.get("sort", []):
            name, _, direction = each.rpartition(":")
            require(name in held.settings["sortableAttributes"] and direction in ("asc", "desc"), "invalid_search_sort")
        checks = [condition(held, text) for text in body.get("filter", [])]
        words = body.get("q", "").lower().split()
        hits = [
            each for each in held.documents.values()
            if all(any(found.startswith(word) for found in spoken(held, each)) for word in words)
            and all(check(each) for check in checks)
        ]  # fmt: skip
        for each in reversed(body.get("sort", [])):
            name, _, direction = each.rpartition(":")
            hits.sort(key=lambda hit: (hit[name] is None, hit[name]), reverse=direction == "desc")
        page = hits[body.get("offset", 0) :][: body.get("limit", 20)]
        found: dict[str, Any] = {"hits": [shown(each, body, words) for each in page], "estimatedTotalHits": len(hits)}
        if "facets" in body:
            require(set(body["facets"]) <= set(held.settings["filterableAttributes"]), "invalid_search_facets")
            found["facetDistribution"] = {name: distribution(hits, name) for name in body["facets"]}
        return found


def distribution(hits: list[dict[str, Any]], name: str) -> dict[str, int]:
    """Every value as text; an array counts for each of its elements, null for none."""
    values = (each for hit in hits for each in (hit[name] if isinstance(hit[name], list) else [hit[name]]))
    return dict(Counter(str(value) for value in values if value is not None))


def require(holds: Any, code: str) -> None:
    if not holds:
        raise RefusedError(404 if code.endswith("not_found") else 400, code)


def spoken(held: Held, document: dict[str, Any]) -> list[str]:
    return re.findall(r"\w+", " ".join(str(document[name]) for name in held.settings["searchableAttributes"]).lower())


def shown(document: dict[str, Any], body: dict[str, Any], words: list[str]) -> dict[str, Any]:
    hit = dict(document)
    if body.get("showRankingScore"):
        hit["_rankingScore"] = 0.9
    if "attributesToHighlight" in body:
        pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, words)) or '$^'})\w*", re.IGNORECASE)
        pre, post = body["highlightPreTag"], body["highlightPostTag"]
        hit["_formatted"] = {
            name: pattern.sub(lambda found: f"{pre}{found[0]}{post}", str(value)) for name, value in document.items()
        }
    return hit


def condition(held: Held, text: str) -> Any:
    found = CONDITION.fullmatch(text)
    require(found, "invalid_search_filter")
    assert found is not None
    name = read(found["name"])
    require(name in held.settings["filterableAttributes"], "invalid_search_filter")
    if found["null"]:
        return lambda document: document[name] is None
    if found["sign"] is None:
        wanted = [str(read(each)) for each in re.findall(VALUE, found["list"] or "")]
        return lambda document: any(str(each) in wanted for each in listed(document[name]))
    value = read(found["value"])
    match found["sign"]:
        case "=":
            return lambda document: str(value) in map(str, listed(document[name]))
        case "!=":
            return lambda document: str(value) not in map(str, listed(document[name]))
    signs = {">": float.__gt__, ">=": float.__ge__, "<": float.__lt__, "<=": float.__le__}
    sign, number = signs[found["sign"]], float(value)
    return lambda document: document[name] is not None and sign(float(document[name]), number)


def read(text: str) -> Any:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else json.loads(text)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@contextmanager
def served(fake: Fake) -> Iterator[Fake]:
    """The fake on a port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            raw = self.rfile.read(length)
            parts = urlsplit(self.path)
            fake.asked.append(f"{self.command} {parts.path}")
            try:
                if self.headers.get("Authorization") is None:
                    raise RefusedError(401, "missing_authorization_header")
                if self.headers["Authorization"] != f"Bearer {KEY}":
                    raise RefusedError(403, "invalid_api_key")
                if raw and self.headers.get("Content-Type") != "application/json":
                    raise RefusedError(415, "invalid_content_type")
                found = fake.answer(self.command, parts.path, parse_qs(parts.query), json.loads(raw) if raw else None)
                self.send(202 if isinstance(found, dict) and "taskUid" in found else 200, found)
            except RefusedError as refused:
                said = {"message": f"refused: {refused.code}", "code": refused.code, "type": "invalid_request"}
                self.send(refused.status, said)

        do_GET = do_POST = do_PATCH = do_DELETE = reply  # noqa: N815 # names of the standard library

        def send(self, status: int, body: Any) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *words: Any) -> None:
            """Tests read `asked`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
