from __future__ import annotations

from pathlib import Path

import pytest

from nself.auth import tickets
from nself.auth.mail_templates import SHIPPED, Templates
from nself.errors import ConfigError

NAMES = sorted({kind.template for kind in tickets.LINKED.values()})


def template(root: Path, locale: str, name: str, subject: str = "s", html: str = "h", plain: str | None = None) -> None:
    folder = root / locale / name
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text(subject)
    (folder / "body.html").write_text(html)
    if plain is not None:
        (folder / "body.txt").write_text(plain)


def test_every_language_has_every_template() -> None:
    for locale in SHIPPED.iterdir():
        assert sorted(folder.name for folder in locale.iterdir()) == NAMES, locale.name


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("locale", sorted(folder.name for folder in SHIPPED.iterdir()))
def test_every_shipped_template_shows_its_link(tmp_path: Path, name: str, locale: str) -> None:
    text = Templates(tmp_path, "en").fill(name, locale, {"link": "https://a.example/?a=1&b=2", "displayName": "Ada"})
    assert "https://a.example/?a=1&amp;b=2" in text.html and f'lang="{locale}"' in text.html
    assert text.plain and "https://a.example/?a=1&b=2" in text.plain and "Ada" in text.plain
    assert text.subject and "\n" not in text.subject


def test_values_are_escaped_in_html_and_kept_on_one_line_in_the_subject(tmp_path: Path) -> None:
    template(tmp_path, "en", "t", "Hi ${displayName}\n", "<p>${displayName}</p>", "${displayName}")
    name = '<b onclick="x">&\r\nBcc: eve@evil.test'
    text = Templates(tmp_path, "en").fill("t", "en", {"displayName": name})
    assert text.html == "<p>&lt;b onclick=&quot;x&quot;&gt;&amp;\r\nBcc: eve@evil.test</p>"
    assert text.subject == 'Hi <b onclick="x">& Bcc: eve@evil.test'
    assert text.plain == name


def test_values_are_not_filled_in_twice_and_unknown_names_stay(tmp_path: Path) -> None:
    template(tmp_path, "en", "t", html="${a} ${unknown} $a {a} ${a b}")
    text = Templates(tmp_path, "en").fill("t", "en", {"a": "${link}", "link": "secret"})
    assert text.html == "${link} ${unknown} $a {a} ${a b}"


def test_the_language_counts_more_than_the_place(tmp_path: Path) -> None:
    template(tmp_path, "de", "t", subject="own german")
    template(tmp_path, "fr", "t", subject="own french")
    templates = Templates(tmp_path, "fr")
    assert [templates.fill("t", locale, {}).subject for locale in ("de", "fr", "es")] == [
        "own german",
        "own french",
        "own french",
    ]
    assert templates.fill("email-verify", "de", {}).subject == "Confirmez votre adresse e-mail"


def test_a_template_of_html_alone_has_no_plain_text(tmp_path: Path) -> None:
    template(tmp_path, "en", "email-verify")
    assert Templates(tmp_path, "en").fill("email-verify", "en", {}).plain is None


@pytest.mark.parametrize("locale", ["..", "../", "", "/", "e\0"])
def test_a_locale_leads_nowhere_else(tmp_path: Path, locale: str) -> None:
    template(tmp_path, ".", "email-verify", subject="outside")
    text = Templates(tmp_path / "x", "en").fill("email-verify", locale, {})
    assert text.subject == "Confirm your e-mail address"


def test_a_template_that_is_no_text_is_named(tmp_path: Path) -> None:
    template(tmp_path, "en", "t")
    (tmp_path / "en/t/body.html").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"body\.html cannot be read"):
        Templates(tmp_path, "en").fill("t", "en", {})


def test_a_template_nobody_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no mail template nothing"):
        Templates(tmp_path, "en").fill("nothing", "en", {})
