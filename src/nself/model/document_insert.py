"""nself.yml with one entry of a list more or less in it; every other byte stays, comments too. Text in, text out."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

EMPTY = 'version: "1"\n'
"""What an entry is put into where there is no file yet."""


def entry(name: str, fields: Mapping[str, str], *, indent: int = 2, step: int = 2) -> list[str]:
    """The lines of an entry. Values are written as they are: plain words, or quoted by the caller."""
    if not fields:
        return [f"{' ' * indent}{name}: {{}}"]
    return [
        f"{' ' * indent}{name}:",
        *(f"{' ' * (indent + step)}{key}: {text}" for key, text in fields.items()),
    ]


def insert(text: str, section: str, name: str, fields: Mapping[str, str]) -> str | None:
    """`text` with the entry at the end of `section:`. None when it is written in a form that has no place for one."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    if root is None:
        return _joined(text, [*text.splitlines(), f"{section}:", *entry(name, fields)])
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return None
    lines = text.splitlines()
    found = next((pair for pair in root.value if pair[0].value == section), None)
    if found is None:
        return _joined(text, [*lines, "", f"{section}:", *entry(name, fields)])
    key, value = found
    if isinstance(value, yaml.ScalarNode) and value.value == "":
        at, indent = key.end_mark.line + 1, 2
    elif isinstance(value, yaml.MappingNode) and value.flow_style and not value.value:
        line = value.start_mark.line
        if value.end_mark.line != line or line != key.start_mark.line:
            return None
        lines[line] = lines[line][: value.start_mark.column].rstrip() + lines[line][value.end_mark.column :]
        at, indent = line + 1, 2
    elif isinstance(value, yaml.MappingNode) and not value.flow_style:
        indent = value.value[0][0].start_mark.column
        at = _after(lines, _last_line(value) + 1, indent)
    else:
        return None
    return _joined(text, [*lines[:at], *entry(name, fields, indent=indent), *lines[at:]])


def remove(text: str, section: str, name: str) -> str | None:
    """`text` without the entry, and without the comments that stand below its last line and belong to it. None when it
    is written in a form it cannot be taken out of, or is not there."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    entries = _block(root, section)
    found = next((pair for pair in entries if pair[0].value == name), None)
    if found is None or found[0].start_mark.line in {key.start_mark.line for key, _ in entries if key is not found[0]}:
        return None
    key, value = found
    lines = text.splitlines()
    end = max(int(key.end_mark.line), _last_line(value)) + 1
    rest = [*lines[: key.start_mark.line], *lines[_after(lines, end, key.start_mark.column + 1) :]]
    return _joined(text, rest) if rest else ""


def _block(root: yaml.Node | None, section: str) -> list[tuple[yaml.Node, yaml.Node]]:
    """The entries of a list that is written a line each."""
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return []
    value = next((value for key, value in root.value if key.value == section), None)
    if not isinstance(value, yaml.MappingNode) or value.flow_style:
        return []
    return list(value.value)


def _last_line(node: yaml.Node) -> int:
    """The last line with any of the node's text in it: the end of a block's mark is where the next thing begins."""
    if isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        key, value = last if isinstance(last, tuple) else (last, last)
        return max(int(key.end_mark.line), _last_line(value))
    mark = node.end_mark
    return int(mark.line - 1 if mark.column == 0 and mark.line > node.start_mark.line else mark.line)


def _after(lines: list[str], at: int, indent: int) -> int:
    """Past the comments that stand below the last entry and belong to it."""
    while at < len(lines) and lines[at].lstrip().startswith("#") and lines[at].index("#") >= indent:
        at += 1
    return at


def _joined(text: str, lines: list[str]) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    return end.join(lines) + end
