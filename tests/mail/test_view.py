"""Hostile HTML and attachments, shown on our own origin, harm nobody."""

from __future__ import annotations

from tests.mail.conftest import Inbox, letter

ATTACK = """
    <html><body onload="alert(1)"><script>top.location = "https://evil.example"</script>
    <img src="cid:logo@x"><img src='CID:unknown'><img src="https://tracker.example/p.gif" onerror="alert(2)">
    <form action="/api/v1/messages" method="post"><button>win</button></form>
    <iframe src="/"></iframe><a href="https://example.com/verify">verify</a></body></html>
"""


def send_attack(inbox: Inbox) -> str:
    message = letter()
    message.add_alternative(ATTACK, subtype="html")
    message.get_payload()[1].add_related(b"\x89PNG", "image", "png", cid="<logo@x>")  # type: ignore[union-attr,index]
    message.add_attachment("<script>alert(3)</script>", subtype="html", filename='x".html')
    message.add_attachment(b"<svg onload='alert(4)'/>", maintype="image", subtype="svg+xml", filename="x.svg")
    inbox.send(message)
    return str(inbox.latest()["ID"])


def policy(headers: dict[str, str]) -> dict[str, str]:
    return {
        name: rest
        for name, _, rest in (part.strip().partition(" ") for part in headers["content-security-policy"].split(";"))
    }


def test_html_is_served_without_any_right_to_run(inbox: Inbox) -> None:
    answer = inbox.http.get(f"/view/{send_attack(inbox)}.html")
    rules = policy(dict(answer.headers))
    assert rules["default-src"] == "'none'"
    assert rules["form-action"] == "'none'"
    assert rules["img-src"] == "'self' data:"
    assert "script-src" not in rules
    assert "allow-scripts" not in rules["sandbox"]
    assert "allow-same-origin" not in rules["sandbox"]
    assert "allow-top-navigation" not in rules["sandbox"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_images_of_other_servers_are_loaded_on_demand_only(inbox: Inbox) -> None:
    answer = inbox.http.get(f"/view/{send_attack(inbox)}.html?remote=1")
    assert policy(dict(answer.headers))["img-src"] == "'self' data: https: http:"
    assert policy(dict(answer.headers))["default-src"] == "'none'"


def test_inline_images_come_from_the_message_itself(inbox: Inbox) -> None:
    id = send_attack(inbox)
    html = inbox.http.get(f"/view/{id}.html").text
    [inline] = inbox.get(f"/api/v1/message/{id}")["Inline"]
    assert f'src="../api/v1/message/{id}/part/{inline["PartID"]}"' in html
    assert "CID:unknown" in html
    part = inbox.http.get(f"/api/v1/message/{id}/part/{inline['PartID']}")
    assert (part.content, part.headers["content-type"]) == (b"\x89PNG", "image/png")
    assert part.headers["content-disposition"].startswith("inline")


def test_attachments_that_could_run_are_saved_instead_of_shown(inbox: Inbox) -> None:
    id = send_attack(inbox)
    for attachment in inbox.get(f"/api/v1/message/{id}")["Attachments"]:
        part = inbox.http.get(f"/api/v1/message/{id}/part/{attachment['PartID']}")
        assert part.headers["content-disposition"].startswith("attachment; filename*=utf-8''x")
        assert '"' not in part.headers["content-disposition"]
        assert "sandbox" in part.headers["content-security-policy"]
        assert part.headers["x-content-type-options"] == "nosniff"


def test_the_page_itself_loads_nothing_from_elsewhere(inbox: Inbox) -> None:
    for path in ("/", "/inbox.js", "/inbox.css"):
        answer = inbox.http.get(path)
        assert answer.status_code == 200
        assert policy(dict(answer.headers))["script-src"] == "'self'"
        assert "://" not in answer.text.replace("http://www.w3.org/2000/svg", "").replace("https?:)?\\/\\/", "")
