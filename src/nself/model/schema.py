"""Everything a project may set, gathered from the settings classes: one table for checks, docs and completion."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import cached_property

from nself.model.container_settings import ContainerSettings
from nself.model.keys import FAMILIES, PASSED_THROUGH, RESERVED, ProjectSettings
from nself.records import dataclass
from nself.settings import REQUIRED, Declared, as_text, describe

_SECRET_WORDS = re.compile(r"(?:^|_)(PASSWORD|PASS|SECRET|TOKEN|KEY|CREDENTIALS?|PRIVATE)(?:_|$)")
_FAMILY = re.compile(r"^(CS|FRONTEND_APP|REMOTE_SCHEMA)_([1-9][0-9]{0,5})(?=_|$)")
_CUSTOM_ENV = re.compile(r"CS_(?:N|[1-9][0-9]{0,5})_ENV_[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Schema:
    """The variables of a set of settings classes. A name may be declared by several classes; all must accept it."""

    classes: tuple[type, ...]
    sections: Mapping[type, str] = field(default_factory=dict)
    """Heading of each class in the documents made from this schema."""

    @cached_property
    def declared(self) -> dict[str, tuple[Declared, ...]]:
        """{canonical name: its declarations}, families with `N` for the number, in the order of declaration."""
        table: dict[str, tuple[Declared, ...]] = {}
        for item in (item for cls in self.classes for item in describe(cls)):
            table[item.variable.name] = (*table.get(item.variable.name, ()), item)
        return table

    @cached_property
    def aliases(self) -> dict[str, str]:
        """{older name: the one it means}. One that has two meanings, or means this to some of the classes that
        declare it only, stands for itself: each class looks for its own aliases."""
        meanings: dict[str, set[str]] = {}
        for name, items in self.declared.items():
            for alias in (alias for item in items for alias in item.variable.aliases):
                shared = all(alias in item.variable.aliases for item in items)
                meanings.setdefault(alias, set()).update({name} if shared else {name, ""})
        return {
            alias: next(iter(names))
            for alias, names in meanings.items()
            if len(names) == 1 and alias not in self.declared
        }

    def canonical(self, key: str) -> str:
        """The name under which a value of `key` is kept: `HASURA_JWT_KEY` -> `JWT_KEY`."""
        general = general_name(key)
        meant = self.aliases.get(general)
        return key if meant is None else _with_number(meant, key)

    def find(self, key: str) -> tuple[Declared, ...]:
        """The declarations of a name as users write it (`CS_2_PORT`, an alias); empty when nothing declares it."""
        general = general_name(self.canonical(key))
        return self.declared.get(general) or self._by_alias.get(general, ())

    @cached_property
    def _by_alias(self) -> dict[str, tuple[Declared, ...]]:
        """The declarations behind aliases that stand for themselves."""
        out: dict[str, tuple[Declared, ...]] = {}
        for item in (item for items in self.declared.values() for item in items):
            for alias in item.variable.aliases:
                out[alias] = (*out.get(alias, ()), item)
        return out

    def knows(self, key: str) -> bool:
        return bool(self.find(key)) or bool(_CUSTOM_ENV.fullmatch(key))

    def passes_through(self, key: str) -> bool:
        return key.startswith(PASSED_THROUGH)

    def reserved(self, key: str) -> bool:
        return key.startswith(RESERVED)

    def nearest(self, key: str, among: Iterable[str] = ()) -> str | None:
        """The name the user most likely meant, with their number in it; names that are set count too."""
        general = general_name(key)
        names = [*self.declared, *self.aliases, *among]
        from difflib import get_close_matches

        near = get_close_matches(general.upper(), names, n=1, cutoff=0.8)
        return _with_number(near[0], key) if near else None

    def is_secret(self, key: str) -> bool:
        """Declared secret, or a name like one: showing too little is the safer mistake."""
        items = self.find(key)
        if any(item.variable.secret for item in items):
            return True
        return not items and bool(_SECRET_WORDS.search(key.upper()))

    def default(self, key: str) -> str | None:
        """The built-in value as text, None when there is none or it is computed."""
        for item in self.find(key):
            if item.default is not REQUIRED and item.default is not None:
                return as_text(item.default)
        return None

    def generated(self) -> dict[str, int]:
        """{secret: characters} of everything `nself init` makes up."""
        return {
            name: max(item.variable.generate for item in items)
            for name, items in self.declared.items()
            if any(item.variable.generate for item in items)
        }


def gather(services: Mapping[str, Iterable[type]]) -> Schema:
    """The project's own keys, then each service's (`{name: its settings classes}`), then the numbered families."""
    sections: dict[type, str] = {ProjectSettings: "Project", ContainerSettings: "Containers"}
    for name, classes in services.items():
        for cls in classes:
            sections.setdefault(cls, name)
    titles = ("Custom services", "Frontends", "Remote schemas")
    sections |= dict(zip(FAMILIES, titles, strict=True))
    return Schema(classes=tuple(sections), sections=sections)


def masked(text: str) -> str:
    """How a secret is shown: enough to tell two apart, too little to use one."""
    if not text:
        return ""
    return f"{text[:4] if len(text) >= 16 else ''}…({len(text)})"


def general_name(key: str) -> str:
    """`CS_12_PORT` -> `CS_N_PORT`; other names are themselves."""
    return _FAMILY.sub(r"\1_N", key)


def _with_number(general: str, key: str) -> str:
    found = _FAMILY.match(key)
    return re.sub(r"^(CS|FRONTEND_APP|REMOTE_SCHEMA)_N(?=_|$)", rf"\g<1>_{found[2]}", general) if found else general
