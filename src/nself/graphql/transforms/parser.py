"""Kriti text -> tree. A superset of JSON: `{{ … }}` holds expressions, blocks of `if` and `range`."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

from nself.graphql.transforms.failures import Code, Span, TemplateError
from nself.graphql.transforms.syntax import (
    Call,
    If,
    Infix,
    Listed,
    Literal,
    Mapping,
    Name,
    Node,
    Path,
    Range,
    Step,
    Text,
)

_LONGEST: Final = 256 * 1024
_DEEPEST: Final = 50
_DIGITS: Final = 1000
_SPACE: Final = re.compile(r"\s*")
_NAME: Final = re.compile(r"[$A-Za-z_][$A-Za-z0-9_]*")
_FIELD: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_PLAIN: Final = re.compile(r'[^"\\{\x00-\x1f]+|\{(?!\{)')
_ESCAPES: Final = re.compile(r'(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))+')
_WORDS: Final = {"true": True, "false": False, "null": None}
_BLOCK_ENDS: Final = frozenset({"end", "else", "elif"})
_LEVELS: Final = (("??",), ("||",), ("&&",), ("==", "!=", "<=", ">=", "<", ">", "in"))
"""Infix operators, the loosest first."""


@lru_cache(maxsize=512)
def parsed(text: str) -> Node:
    """A template that makes a JSON value. Raises TemplateError."""
    parser = _Parser(text)
    node = parser.template()
    parser.end()
    return node


@lru_cache(maxsize=512)
def parsed_text(text: str) -> Node:
    """A template that is the inside of a string: an URL, a header."""
    parser = _Parser(text)
    return parser.inside(closing="")


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at, self._depth = text, 0, 0
        if len(text) > _LONGEST:
            raise TemplateError(
                "Limit Error", f"a template cannot be longer than {_LONGEST} characters", "", Span(0, 0)
            )

    def template(self) -> Node:
        """A value, or an expression without its braces."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.failure("Limit Error", "the template is nested too deeply")
        node = self.infix(0)
        self._depth -= 1
        return node

    def infix(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self.postfix()
        left, operators = self.infix(level + 1), 0
        while (operator := self.operator(_LEVELS[level])) is not None:
            operators += 1
            if operators > _DEEPEST:
                raise self.failure("Limit Error", "the expression is too long")
            right = self.infix(level + 1)
            left = Infix(operator, left, right, Span(left.span.start, right.span.end))
        return left

    def operator(self, operators: tuple[str, ...]) -> str | None:
        self.space()
        for operator in operators:
            if self.text.startswith(operator, self.at) and (operator != "in" or self.word() == "in"):
                self.at += len(operator)
                return operator
        return None

    def postfix(self) -> Node:
        node, steps = self.term(), list[Step]()
        while (step := self.step()) is not None:
            steps.append(step)
        return Path(node, tuple(steps), Span(node.span.start, self.at)) if steps else node

    def step(self) -> Step | None:
        start = self.at
        optional = self.text.startswith(("?.", "?["), self.at)
        self.at += optional
        if self.take("."):
            found = _FIELD.match(self.text, self.at)
            if found is None:
                raise self.unexpected()
            self.at = found.end()
            return Step(Literal(found[0], Span(start, self.at)), optional)
        if self.take("["):
            self.space()
            key = self.quoted() if self.peek() == "'" else self.template()
            self.space()
            self.expect("]")
            return Step(key, optional)
        return None

    def term(self) -> Node:
        self.space()
        start, character = self.at, self.peek()
        if character == '"':
            self.at += 1
            return self.inside(closing='"')
        if character == "'":
            return self.quoted()
        if self.text.startswith("{{", self.at):
            return self.braces()
        if character == "{":
            return self.mapping()
        if character == "[":
            return self.listed()
        if self.take("("):
            node = self.template()
            self.space()
            self.expect(")")
            return node
        if found := _NUMBER.match(self.text, self.at):
            if len(found[0]) > _DIGITS:
                raise self.failure("Limit Error", "the number has too many digits", len(found[0]))
            self.at = found.end()
            return Literal(json.loads(found[0], parse_float=Decimal), Span(start, self.at))
        return self.named()

    def named(self) -> Node:
        start, word = self.at, self.word()
        if not word or word in _BLOCK_ENDS:
            raise self.unexpected()
        self.at += len(word)
        if word in _WORDS:
            return Literal(_WORDS[word], Span(start, self.at))
        if not self.take("("):
            return Name(word, Span(start, self.at))
        argument = self.template()
        self.space()
        self.expect(")")
        return Call(word, argument, Span(start, self.at))

    def braces(self) -> Node:
        """`{{ expression }}`, or a block that goes on to its `{{ end }}`."""
        start = self.at
        self.at += 2
        self.space()
        word = self.word()
        if word == "if":
            return self.if_block(start)
        if word == "range":
            return self.range_block(start)
        node = self.template()
        self.close()
        return node

    def if_block(self, start: int) -> Node:
        branches = []
        word = "if"
        while word in ("if", "elif"):
            self.at += len(word)
            condition = self.template()
            self.close()
            branches.append((condition, self.template()))
            word = self.block_word()
        otherwise: Node = Literal(None, Span(self.at, self.at))
        if word == "else":
            self.at += len(word)
            self.close()
            otherwise = self.template()
            word = self.block_word()
        self.block_end(word)
        return If(tuple(branches), otherwise, Span(start, self.at))

    def range_block(self, start: int) -> Node:
        self.at += len("range")
        index = self.binder()
        self.expect(",")
        item = self.binder()
        self.expect(":=")
        of = self.template()
        self.close()
        body = self.template()
        self.block_end(self.block_word())
        return Range(index, item, of, body, Span(start, self.at))

    def binder(self) -> str | None:
        self.space()
        word = self.word()
        if not word:
            raise self.unexpected()
        self.at += len(word)
        self.space()
        return None if word == "_" else word

    def block_word(self) -> str:
        """After `{{`, without taking it."""
        self.space()
        self.expect("{{")
        self.space()
        return self.word()

    def block_end(self, word: str) -> None:
        if word != "end":
            raise self.unexpected()
        self.at += len(word)
        self.close()

    def close(self) -> None:
        self.space()
        self.expect("}}")

    def mapping(self) -> Node:
        start = self.at
        self.at += 1
        pairs: list[tuple[Node, Node]] = []
        self.space()
        while not self.take("}"):
            if pairs:
                self.expect(",")
                self.space()
            self.expect('"')
            key = self.inside(closing='"')
            self.space()
            self.expect(":")
            pairs.append((key, self.template()))
            self.space()
        return Mapping(tuple(pairs), Span(start, self.at))

    def listed(self) -> Node:
        start = self.at
        self.at += 1
        items: list[Node] = []
        self.space()
        while not self.take("]"):
            if items:
                self.expect(",")
            items.append(self.template())
            self.space()
        return Listed(tuple(items), Span(start, self.at))

    def inside(self, *, closing: str) -> Node:
        """A string's content up to its closing quote, or to the end of the text."""
        start, parts = self.at - len(closing), list[str | Node]()
        while not (self.take(closing) if closing else self.at == len(self.text)):
            parts.append(self.part(quoted=bool(closing)))
        span = Span(start, self.at)
        if all(isinstance(part, str) for part in parts):
            return Literal("".join(part for part in parts if isinstance(part, str)), span)
        return Text(tuple(parts), span)

    def part(self, *, quoted: bool) -> str | Node:
        if self.text.startswith("{{", self.at):
            return self.braces()
        if not quoted:
            start = self.at
            following = self.text.find("{{", start)
            self.at = len(self.text) if following < 0 else following
            return self.text[start : self.at]
        if plain := _PLAIN.match(self.text, self.at):
            self.at = plain.end()
            return plain[0]
        escapes = _ESCAPES.match(self.text, self.at)
        if escapes is None or not _is_whole(found := str(json.loads(f'"{escapes[0]}"'))):
            raise self.unexpected()
        self.at = escapes.end()
        return found

    def quoted(self) -> Node:
        """`'a key'`."""
        start = self.at
        end = self.text.find("'", start + 1)
        if end < 0:
            raise self.unexpected()
        self.at = end + 1
        return Literal(self.text[start + 1 : end], Span(start, self.at))

    def word(self) -> str:
        found = _NAME.match(self.text, self.at)
        return found[0] if found else ""

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, symbol: str) -> bool:
        if not self.text.startswith(symbol, self.at):
            return False
        self.at += len(symbol)
        return True

    def expect(self, symbol: str) -> None:
        if not self.take(symbol):
            raise self.unexpected()

    def space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def end(self) -> None:
        self.space()
        if self.at < len(self.text):
            raise self.unexpected()

    def unexpected(self) -> TemplateError:
        if self.at >= len(self.text):
            return self.failure("Parse Error", "Unexpected end of the template.")
        word = self.word() or self.peek()
        return self.failure("Parse Error", f"Unexpected token '{word}'.", len(word))

    def failure(self, code: Code, message: str, length: int = 0) -> TemplateError:
        return TemplateError(code, message, self.text, Span(self.at, self.at + length))


def _is_whole(text: str) -> bool:
    """Half of a surrogate pair is no character."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
