"""The page in a real browser: it shows the mail, and the mail cannot reach it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.mail.conftest import Inbox, letter

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


def dom(url: str, profile: Path) -> str:
    """The page's document after its scripts have run."""
    argv = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        f"--user-data-dir={profile}", "--virtual-time-budget=5000", "--dump-dom", url,
    ]  # fmt: skip
    return subprocess.run(argv, capture_output=True, text=True, timeout=90, check=True).stdout


@needs_browser
def test_the_page_shows_messages_as_text_and_runs_nothing_of_theirs(inbox: Inbox, tmp_path: Path) -> None:
    message = letter(
        Subject="<img src=x onerror=document.title='broken-in'>", From='"<script>1</script>" <a@example.com>'
    )
    message.add_alternative("<script>top.document.title = 'broken-in'</script><p>hello</p>", subtype="html")
    inbox.send(message)
    page = dom(f"{inbox.http.base_url}#latest", tmp_path)
    assert "<title>Inbox</title>" in page
    assert "&lt;img src=x onerror=" in page
    assert "&lt;script&gt;1&lt;/script&gt;" in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert inbox.get("/api/v1/messages")["unread"] == 0


@needs_browser
def test_an_empty_inbox_says_so(inbox: Inbox, tmp_path: Path) -> None:
    assert "No messages yet." in dom(str(inbox.http.base_url), tmp_path)
