"""Set one value in a YAML text, and keep every other byte: comments, quotes, order and blank lines are the user's."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

INDENT = 2


class UneditableError(ValueError):
    """The text is written in a way that this module does not change safely."""


def assign(text: str, path: Sequence[str], value: str) -> str:
    """`text` with the plain scalar `value` at `path`; mappings on the way are made where they are missing.

    The result is read back: UneditableError when it says anything else than the old text and this value."""
    try:
        changed = _assigned(text, path, value)
        if yaml.safe_load(changed) == _expected(yaml.safe_load(text), path, yaml.safe_load(value)):
            return changed
    except yaml.YAMLError:
        pass
    raise UneditableError(".".join(path))


def _assigned(text: str, path: Sequence[str], value: str) -> str:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return _appended(text, path, value)
    parent, depth = node, 0
    while depth < len(path):
        if not isinstance(parent, yaml.MappingNode):
            raise UneditableError(".".join(path))
        found = next((pair for pair in parent.value if pair[0].value == path[depth]), None)
        if found is None:
            return _inserted(text, parent, path[depth:], value)
        key, inner = found
        if isinstance(inner, yaml.ScalarNode) and depth < len(path) - 1 and inner.tag.endswith(":null"):
            return _filled(text, key, path[depth + 1 :], value)
        parent, depth = inner, depth + 1
    if not isinstance(parent, yaml.ScalarNode):
        raise UneditableError(".".join(path))
    start, end = parent.start_mark.index, parent.end_mark.index
    space = " " if start == end else ""
    return text[:start] + space + value + text[end:]


def _inserted(text: str, parent: yaml.MappingNode, path: Sequence[str], value: str) -> str:
    """A new entry behind the last one of `parent`."""
    if parent.flow_style:
        at = parent.end_mark.index - 1
        return text[:at].rstrip() + (", " if parent.value else "") + _flow(path, value) + text[at:]
    key, last = parent.value[-1]
    return _after_line(text, _end(last, key), _block(path, value, key.start_mark.column))


def _filled(text: str, key: yaml.Node, path: Sequence[str], value: str) -> str:
    """The first entry of a key that has none: `services:` and nothing below it."""
    return _after_line(text, key.end_mark.index, _block(path, value, key.start_mark.column + INDENT))


def _end(node: yaml.Node, key: yaml.Node) -> int:
    """Where the last character of a value is; a block ends where the next thing begins, so its last leaf counts."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        key, node = last if isinstance(last, tuple) else (last, last)
    return max(int(node.end_mark.index), int(key.end_mark.index))


def _after_line(text: str, index: int, block: str) -> str:
    """`block` below the line that holds `index`; a block scalar ends at the start of the line after it."""
    if index and text[index - 1 : index] == "\n":
        return text[:index] + block + text[index:]
    end = text.find("\n", index)
    return f"{text}\n{block}" if end < 0 else text[: end + 1] + block + text[end + 1 :]


def _appended(text: str, path: Sequence[str], value: str) -> str:
    return text + ("" if not text or text.endswith("\n") else "\n") + _block(path, value, 0)


def _block(path: Sequence[str], value: str, column: int) -> str:
    *keys, last = path
    lines = [f"{' ' * (column + INDENT * depth)}{key}:\n" for depth, key in enumerate(keys)]
    return "".join(lines) + f"{' ' * (column + INDENT * len(keys))}{last}: {value}\n"


def _flow(path: Sequence[str], value: str) -> str:
    *keys, last = path
    return "".join(f"{key}: {{" for key in keys) + f"{last}: {value}" + "}" * len(keys)


def _expected(document: object, path: Sequence[str], value: object) -> object:
    if not path:
        return value
    first, *rest = path
    entries = dict(document) if isinstance(document, dict) else {}
    entries[first] = _expected(entries.get(first), rest, value)
    return entries
