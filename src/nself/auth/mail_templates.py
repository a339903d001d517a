"""Mail texts: files of the project or ours, with `${name}` replaced by values."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from nself.errors import ConfigError
from nself.records import dataclass

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}")
SHIPPED = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Text:
    """A filled template. `plain` is None when the project's own template has only HTML."""

    subject: str
    html: str
    plain: str | None


@dataclass(frozen=True, slots=True)
class Templates:
    """`<root>/<locale>/<template>/{subject.txt,body.html,body.txt}`; the user's language first, then the default one,
    and within a language the project's files before ours."""

    root: Path
    default_locale: str

    def fill(self, template: str, locale: str, values: Mapping[str, str]) -> Text:
        """Values are escaped in HTML and kept on one line in the subject; unknown variables stay as they are."""
        folder = self._folder(template, locale)
        plain = folder / "body.txt"
        return Text(
            subject=" ".join(_fill(_read(folder / "subject.txt"), values, str).split()),
            html=_fill(_read(folder / "body.html"), values, html.escape),
            plain=_fill(_read(plain), values, str) if plain.is_file() else None,
        )

    def _folder(self, template: str, locale: str) -> Path:
        for folder in self._folders(template, locale):
            if (folder / "subject.txt").is_file() and (folder / "body.html").is_file():
                return folder
        raise ConfigError(f"there is no mail template {template}")

    def _folders(self, template: str, locale: str) -> Iterator[Path]:
        """A locale comes from a row that projects let users edit, so it must not lead out of the roots."""
        for language in dict.fromkeys((locale, self.default_locale, "en")):
            if _LOCALE.fullmatch(language):
                yield from (root / language / template for root in (self.root, SHIPPED))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the mail template {file} cannot be read: {error}") from error


def _fill(text: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    return _VARIABLE.sub(lambda found: escape(values[found[1]]) if found[1] in values else found[0], text)
