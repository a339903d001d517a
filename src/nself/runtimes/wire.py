"""As much of PostgreSQL's protocol as a health probe needs: sign in with SCRAM, ask one question, leave.

The driver would cost every `nself status` a tenth of a second of imports; this costs nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socket
import struct
import unicodedata
from dataclasses import field
from typing import LiteralString

from nself.records import dataclass

ITERATIONS = 4096  # PostgreSQL's own default
WRONG_PASSWORD = frozenset({"28P01", "28000"})
_PROTOCOL = 196608  # 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who asks, where. The password never shows."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str = "postgres"


class RefusedError(Exception):
    """The server answered, and said no. `code` is PostgreSQL's SQLSTATE, or Redis' first word."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def select_1(login: Login, *, timeout_s: float) -> None:
    """OSError when nobody answers, RefusedError when PostgreSQL refuses; silence when all is well."""
    query(login, "SELECT 1", timeout_s=timeout_s)


def query(login: Login, statement: LiteralString, *, timeout_s: float) -> list[dict[str, str | None]]:
    """The rows of one simple query, all as text: what a pooler's console understands and drivers do not send."""
    with socket.create_connection((login.host, login.port), timeout=timeout_s) as connection:
        talk = _Talk(connection)
        talk.send(b"", struct.pack("!i", _PROTOCOL) + _strings("user", login.user, "database", login.database) + b"\0")
        _authenticate(talk, login)
        talk.until(b"Z")
        talk.send(b"Q", _strings(statement))
        names = _names(talk.until(b"T"))
        rows = []
        while (message := talk.receive())[0] != b"Z":
            if message[0] == b"D":
                rows.append(dict(zip(names, _values(message[1]), strict=True)))
        talk.send(b"X", b"")
        return rows


def _names(body: bytes) -> list[str]:
    """Of a RowDescription: each name ends with a zero, and 18 bytes about its type follow."""
    names, at = [], 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        end = body.index(b"\0", at)
        names.append(body[at:end].decode())
        at = end + 19
    return names


def _values(body: bytes) -> list[str | None]:
    """Of a DataRow: a length and so many bytes each; -1 is NULL."""
    values: list[str | None] = []
    at = 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        size = struct.unpack("!i", body[at : at + 4])[0]
        values.append(None if size < 0 else body[at + 4 : at + 4 + size].decode(errors="replace"))
        at += 4 + max(size, 0)
    return values


def verifier(password: str) -> str:
    """What PostgreSQL stores for `password`: it can be set without the password itself being sent or logged."""
    salt = os.urandom(16)
    salted = _salted(password, salt, ITERATIONS)
    stored = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
    server = _hmac(salted, b"Server Key")
    return f"SCRAM-SHA-256${ITERATIONS}:{_text(salt)}${_text(stored)}:{_text(server)}"


class _Talk:
    """Messages over a socket: a type byte (but for the first), a length, a body."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._file = connection.makefile("rb")

    def send(self, kind: bytes, body: bytes) -> None:
        self._socket.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def receive(self) -> tuple[bytes, bytes]:
        head = self._exactly(5)
        body = self._exactly(struct.unpack("!i", head[1:])[0] - 4)
        if head[:1] == b"E":
            parts = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
            raise RefusedError(parts.get(b"C", ""), parts.get(b"M", "refused"))
        return head[:1], body

    def until(self, kind: bytes) -> bytes:
        while True:
            found, body = self.receive()
            if found == kind:
                return body

    def _exactly(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise ConnectionError("PostgreSQL hung up")
        return data


def _authenticate(talk: _Talk, login: Login) -> None:
    step = talk.until(b"R")
    code = struct.unpack("!i", step[:4])[0]
    if code == 0:
        return
    if code != 10:
        raise RefusedError("28000", "the server asks for a password in a form other than SCRAM")
    nonce = _text(os.urandom(18))
    first = f"n=,r={nonce}"
    opening = b"n,," + first.encode()
    talk.send(b"p", _strings("SCRAM-SHA-256") + struct.pack("!i", len(opening)) + opening)
    challenge = talk.until(b"R")[4:].decode()
    given = dict(part.split("=", 1) for part in challenge.split(","))
    salted = _salted(login.password, base64.b64decode(given["s"]), int(given["i"]))
    last = f"c=biws,r={given['r']}"
    signed = f"{first},{challenge},{last}".encode()
    key = _hmac(salted, b"Client Key")
    signature = _hmac(hashlib.sha256(key).digest(), signed)
    proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
    talk.send(b"p", f"{last},p={_text(proof)}".encode())
    talk.until(b"R")


def _salted(password: str, salt: bytes, iterations: int) -> bytes:
    prepared = unicodedata.normalize("NFKC", password).encode()
    return hashlib.pbkdf2_hmac("sha256", prepared, salt, iterations)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _strings(*texts: str) -> bytes:
    return b"".join(text.encode() + b"\0" for text in texts)


def password_statements(*, user: str, password: str) -> str:
    """SQL for single-user mode, a statement a line: gives `user` this password, making the role if it is missing. Only
    a verifier is in it, so no log can hold the password."""
    name = user.replace('"', '""')
    literal = user.replace("'", "''")
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{literal}') "
        f'THEN CREATE ROLE "{name}"; END IF; END $$;\n'
        f"ALTER ROLE \"{name}\" LOGIN SUPERUSER PASSWORD '{verifier(password)}';\n"
    )
