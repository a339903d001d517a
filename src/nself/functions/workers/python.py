"""Runs Python functions, one call at a time. A program of its own: the server starts it by its path.

It imports nothing but the standard library and nothing of nself, so that it starts fast and runs under any Python the
user chooses (`FUNCTIONS_PYTHON`). Arguments: the socket to connect to, and the functions folder.

A function is a file with `handler(event, context)`, plain or async. `event` has method, path, query, headers, body
(parsed when it is JSON or a form) and raw_body (bytes); `context` has function_name and request_id. The answer is
`{"statusCode", "headers", "body"}` or any value, which is sent as JSON (text and bytes as they are, None as 204).
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import socket
import struct
import sys
import threading
import traceback
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl

LENGTHS = struct.Struct(">II")
Answer = tuple[int, list[tuple[str, str]], bytes]


class Context(dict[str, Any]):
    """Facts about this call, as attributes or keys, in either spelling."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class NoAnswerError(Exception):
    """What the function returned cannot be sent."""


class LoadFailedError(Exception):
    """The file cannot be imported, or has no handler."""

    def __init__(self, message: str, stack: str = "") -> None:
        super().__init__(message)
        self.stack = stack


class Functions:
    """The functions loaded so far. Their modules live as long as the process: the server replaces it on a change."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._handlers: dict[str, Any] = {}
        self._runner: Any = None

    def call(self, head: dict[str, Any], body: bytes) -> Answer:
        handler = self._handler(head["function"], head["file"])
        if head.get("load"):
            return 204, [], b""
        result = handler(event_of(head, body), context_of(head))
        if hasattr(result, "__await__"):
            result = self._finish(result)
        return answer_of(result)

    def _handler(self, name: str, file: str) -> Any:
        if file not in self._handlers:
            self._handlers[file] = load(name, file, self.folder)
        return self._handlers[file]

    def _finish(self, awaitable: Any) -> Any:
        """One loop for all calls, so that clients a module keeps open go on working."""
        import asyncio

        if self._runner is None:
            self._runner = asyncio.Runner()

        async def result() -> Any:
            return await awaitable

        return self._runner.run(result())


def load(name: str, file: str, folder: str) -> Any:
    """The `handler` of a file; LoadFailedError says which line is wrong."""
    spec = importlib.util.spec_from_file_location("function_" + name.replace("/", "__"), file)
    if spec is None or spec.loader is None:
        raise LoadFailedError(f"{file} is not a Python file")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # a module may even call sys.exit(); the worker answers all the same
        del sys.modules[spec.name]
        raise LoadFailedError(described(error, folder), stack_of(error)) from error
    return handler_of(module, file, folder)


def handler_of(module: ModuleType, file: str, folder: str) -> Any:
    handler = getattr(module, "handler", None)
    if not callable(handler):
        raise LoadFailedError(f"{within(file, folder)} has no function `handler(event, context)`")
    return handler


def event_of(head: dict[str, Any], body: bytes) -> dict[str, Any]:
    headers = merged(head["headers"])
    return {
        "method": head["method"],
        "path": head["path"],
        "query": merged(parse_qsl(head["query"], keep_blank_values=True), as_list=True),
        "headers": headers,
        "body": parsed(headers.get("content-type", ""), body),
        "raw_body": body,
    }


def context_of(head: dict[str, Any]) -> Context:
    name, id = head["function"], head["request_id"]
    return Context(function_name=name, functionName=name, request_id=id, requestId=id)


def merged(pairs: Any, *, as_list: bool = False) -> dict[str, Any]:
    """Pairs as a dict; a repeated name becomes a list, or for headers one text."""
    found: dict[str, list[str]] = {}
    for name, text in pairs:
        found.setdefault(name, []).append(text)
    if as_list:
        return {name: texts[0] if len(texts) == 1 else texts for name, texts in found.items()}
    return {name: ", ".join(texts) for name, texts in found.items()}


def parsed(content_type: str, body: bytes) -> Any:
    """The body as what its type says; text when that fails, bytes when it is not text."""
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return None
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    if kind == "application/x-www-form-urlencoded":
        return merged(parse_qsl(text, keep_blank_values=True), as_list=True)
    return text


def answer_of(result: Any) -> Answer:
    """What a handler returned, as status, headers and bytes."""
    if not (isinstance(result, dict) and "statusCode" in result):
        return (204, [], b"") if result is None else (200, *content(result))
    kind, body = content(result["body"]) if result.get("body") is not None else ([], b"")
    if result.get("isBase64Encoded"):
        body = base64.b64decode(body)
    headers = list(header_pairs(result.get("headers") or {}))
    own = {name.lower() for name, _ in headers}
    return status_of(result["statusCode"]), [*headers, *(pair for pair in kind if pair[0] not in own)], body


def content(value: Any) -> tuple[list[tuple[str, str]], bytes]:
    """A body and the type it has unless the function says otherwise."""
    if isinstance(value, str):
        return [("content-type", "text/plain; charset=utf-8")], value.encode("utf-8", "replace")
    if isinstance(value, bytes | bytearray | memoryview):
        return [("content-type", "application/octet-stream")], bytes(value)
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise NoAnswerError(f"what it returned cannot be sent as JSON: {error}") from error
    return [("content-type", "application/json; charset=utf-8")], text.encode("utf-8", "replace")


def status_of(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdigit():
        raise NoAnswerError(f"statusCode must be a number, got {value!r}")
    return int(value)


def header_pairs(headers: Any) -> list[tuple[str, str]]:
    if not isinstance(headers, dict):
        raise NoAnswerError(f"headers must be a dict, got {type(headers).__name__}")
    return [
        (str(name), str(text))
        for name, value in headers.items()
        for text in (value if isinstance(value, list | tuple) else [value])
    ]


def described(error: BaseException, folder: str) -> str:
    """The error in one line, with file and line when that is where the mistake is."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{within(error.filename, folder)}:{error.lineno}: {type(error).__name__}: {error.msg}"
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def within(file: str, folder: str) -> str:
    return file.removeprefix(folder).lstrip("/")


def stack_of(error: BaseException) -> str:
    """The traceback from the user's code on: our own frames and the import machinery are left out."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and not frame.filename.startswith("<frozen")
    ]
    return "".join(
        [
            "Traceback (most recent call last):\n",
            *traceback.format_list(frames),
            *traceback.format_exception_only(error),
        ]
    )


def failure_of(error: BaseException, folder: str) -> dict[str, Any]:
    if isinstance(error, LoadFailedError):
        return {"message": str(error), "stack": error.stack, "load": True}
    if isinstance(error, NoAnswerError):
        return {"message": str(error)}
    return {"message": described(error, folder), "stack": stack_of(error)}


def serve(connection: socket.socket, functions: Functions) -> None:
    """Answer calls until the server closes the connection."""
    stream = connection.makefile("rwb")
    while lengths := stream.read(LENGTHS.size):
        head_size, body_size = LENGTHS.unpack(lengths)
        head, body = json.loads(stream.read(head_size)), stream.read(body_size)
        try:
            status, headers, content = functions.call(head, body)
            reply: dict[str, Any] = {"status": status, "headers": headers}
        except BaseException as error:  # noqa: BLE001 - sys.exit() and MemoryError too end the call, not the worker
            reply, content = {"failure": failure_of(error, functions.folder)}, b""
        sys.stdout.flush()
        sys.stderr.flush()
        encoded = json.dumps(reply).encode()
        stream.write(LENGTHS.pack(len(encoded), len(content)) + encoded + content)
        stream.flush()


def main() -> None:
    path, folder = sys.argv[1:3]
    sys.argv[:] = [folder]
    # Last, so that a function named `email` or `json` does not stand in for the module of that name.
    sys.path.append(folder)
    guard = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=end_with, args=(guard,), daemon=True).start()
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    serve(connection, Functions(folder))


def end_with(guard: int) -> None:
    """Leave when the server is gone, even out of an endless loop: nothing is ever written to this pipe."""
    os.read(guard, 1)
    os._exit(1)


if __name__ == "__main__":
    main()
