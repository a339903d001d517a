from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from tests.auth.conftest import HOME, Api, Execute, Inbox, Start, redirect


def link(**query: str) -> str:
    return f"/verify?{urlencode(query)}"


def test_the_link_of_the_mail_verifies_and_signs_in(mailing: Start, inbox: Inbox) -> None:
    api = mailing()
    api.sign_up()
    assert inbox.last()["X-Link"].startswith(
        "https://auth.example.com/v1/verify?type=emailVerify&ticket=verifyEmail%3A"
    )
    target, query = redirect(api.get(inbox.link()))
    assert (target, sorted(query), query["type"]) == (HOME, ["refreshToken", "type"], "verifyEmail")
    session = api.ok("/token", {"refreshToken": query["refreshToken"]})
    assert session["user"]["emailVerified"] is True
    api.sign_in()


def test_a_ticket_works_once(mailing: Start, inbox: Inbox) -> None:
    api = mailing()
    api.sign_up()
    with ThreadPoolExecutor(4) as pool:
        queries = [redirect(answer)[1] for answer in pool.map(api.get, [inbox.link()] * 4)]
    assert sorted("refreshToken" in query for query in queries) == [False, False, False, True]
    assert {query["error"] for query in queries if "error" in query} == {"invalid-ticket"}


def test_a_scanner_that_only_looks_leaves_the_ticket(mailing: Start, inbox: Inbox) -> None:
    api = mailing()
    api.sign_up()
    assert api.request("HEAD", inbox.link()).status_code == 200
    assert "refreshToken" in redirect(api.get(inbox.link()))[1]


@pytest.mark.parametrize("ticket", ["", "verifyEmail:", "verifyEmail:x", "mfaTotp:x", "x", "verifyEmail:\x00", "é:%"])
def test_an_unknown_ticket_is_told_in_the_redirect(api: Api, ticket: str) -> None:
    target, query = redirect(api.get(link(ticket=ticket, redirectTo=f"{HOME}/a?b=c#d")))
    assert target == f"{HOME}/a"
    assert query == {"b": "c", "error": "invalid-ticket", "errorDescription": "Invalid ticket#d"}


def test_errors_are_concealed_in_redirects_too(start: Start) -> None:
    api = start(AUTH_CONCEAL_ERRORS="true")
    assert redirect(api.get(link(ticket="x", redirectTo=HOME)))[1]["error"] == "invalid-request"


def test_errors_of_one_redirect_do_not_stay_for_the_next(api: Api) -> None:
    query = urlencode({"error": "stale", "errorDescription": "stale"})
    for _ in range(2):
        response = api.get(link(ticket="x", redirectTo=f"{HOME}?{query}"))
        assert response.headers["location"].count("error=") == 1 and "stale" not in response.headers["location"]


def test_a_target_that_is_not_allowed_leads_home(mailing: Start, inbox: Inbox) -> None:
    api = mailing()
    api.sign_up()
    ticket = inbox.last()["X-Ticket"]
    target, query = redirect(api.get(link(ticket=ticket, redirectTo="https://evil.test/x")))
    assert (target, query["error"]) == (HOME, "redirectTo-not-allowed")
    assert "refreshToken" in redirect(api.get(inbox.link()))[1], "the refused attempt did not cost the ticket"


@pytest.mark.parametrize("target", ["/relative", "//evil.test", "https://", "javascript:alert(1)", "https://a\\@b"])
def test_a_target_that_is_no_url_is_a_bad_request(api: Api, target: str) -> None:
    response = api.get(link(ticket="x", redirectTo=target))
    assert (response.status_code, response.json()["error"]) == (400, "invalid-request")


def test_without_a_target_the_link_leads_home(api: Api) -> None:
    assert redirect(api.get(link(ticket="x")))[0] == HOME


def test_without_a_front_end_the_answer_is_json(start: Start) -> None:
    response = start(AUTH_CLIENT_URL="").get(link(ticket="x", redirectTo="https://a.example"))
    assert response.status_code == 400


def test_a_disabled_user_is_not_let_in_by_a_link(mailing: Start, inbox: Inbox, execute: Execute) -> None:
    api = mailing()
    api.sign_up()
    execute("UPDATE auth.users SET disabled = true")
    assert redirect(api.get(inbox.link()))[1]["error"] == "disabled-user"
    assert execute("SELECT count(*) AS n FROM auth.refresh_tokens") == [{"n": 0}]
