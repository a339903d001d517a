"""Our own servers in the stack: one key, one database, each other's addresses."""

from __future__ import annotations

import json

from nself.auth.settings import AuthSettings
from nself.functions.settings import FunctionsSettings
from nself.graphql.settings import GraphqlSettings
from nself.mail.settings import MailSettings
from nself.model.project import Environment, Frontend, Project
from nself.model.spec import ServiceSpec
from nself.settings import from_env
from nself.storage.settings import StorageSettings
from tests.services.projects import SECRETS, custom, project, spec


def variables(of: Project, name: str) -> dict[str, str]:
    found: ServiceSpec = spec(of, name)
    return {**found.env, **found.secrets}


def test_one_key_signs_in_auth_and_verifies_in_graphql() -> None:
    of = project()
    keys = {
        json.loads(variables(of, name)["HASURA_GRAPHQL_JWT_SECRET"])["key"] for name in ("auth", "graphql", "functions")
    }
    assert keys == {SECRETS["JWT_KEY"]}


def test_a_whole_jwt_secret_of_the_users_own_reaches_every_server() -> None:
    text = '{"type":"HS256","key":"' + "z" * 40 + '"}'
    of = project(values={"HASURA_GRAPHQL_JWT_SECRET": text})
    for name in ("auth", "graphql", "functions"):
        assert json.loads(variables(of, name)["HASURA_GRAPHQL_JWT_SECRET"]) == json.loads(text)


def test_each_server_reads_back_what_it_was_given() -> None:
    of = project()
    auth = from_env(AuthSettings, variables(of, "auth"))
    graphql = from_env(GraphqlSettings, variables(of, "graphql"))
    storage = from_env(StorageSettings, variables(of, "storage"))
    functions = from_env(FunctionsSettings, variables(of, "functions"))
    mail = from_env(MailSettings, variables(of, "mail"))
    assert len({auth.database_url, graphql.database_url, storage.database_url, mail.database_url}) == 1
    assert auth.graphql_url == "http://127.0.0.1:8080/v1/graphql" == functions.graphql_url
    assert storage.hasura_endpoint == "http://127.0.0.1:8080/v1"
    assert (auth.smtp_host, auth.smtp_port) == ("127.0.0.1", mail.smtp_port)
    assert auth.server_url == "https://auth.localhost:8443/v1"
    assert storage.public_url == "https://storage.localhost:8443"


def test_no_secret_stands_among_the_plain_variables() -> None:
    for name in ("auth", "graphql", "storage", "functions", "mail"):
        found = spec(project(), name)
        assert not [text for text in found.env.values() for secret in SECRETS.values() if secret in text]
        assert not [secret for secret in SECRETS.values() if secret in repr(found)]


def test_a_port_under_the_servers_own_name_fixes_it_for_network_and_server_alike() -> None:
    of = project(values={"HASURA_GRAPHQL_SERVER_PORT": "9123", "AUTH_PORT": "9124"})
    assert variables(of, "graphql")["HASURA_GRAPHQL_SERVER_PORT"] == "9123"
    assert variables(of, "auth")["AUTH_PORT"] == "9124"
    assert variables(of, "auth")["HASURA_GRAPHQL_GRAPHQL_URL"] == "http://127.0.0.1:9123/v1/graphql"


def test_development_conveniences_are_off_in_production() -> None:
    dev, prod = project(), project(env=Environment.PROD, base_domain="shop.example")
    assert from_env(GraphqlSettings, variables(dev, "graphql")).enable_console
    live = from_env(GraphqlSettings, variables(prod, "graphql"))
    assert not live.enable_console
    assert not live.dev_mode
    assert live.cors_domain == "https://*.shop.example,https://shop.example"
    assert not from_env(StorageSettings, variables(prod, "storage")).debug
    assert not from_env(FunctionsSettings, variables(prod, "functions")).dev


def test_in_production_mail_goes_to_the_users_own_server() -> None:
    values = {"AUTH_SMTP_HOST": "smtp.example.com", "AUTH_SMTP_PASS": "smtp-password"}
    of = project(env=Environment.PROD, base_domain="shop.example", values=values)
    auth = from_env(AuthSettings, variables(of, "auth"))
    assert (auth.smtp_host, auth.smtp_port, auth.smtp_sender) == ("smtp.example.com", 587, "noreply@shop.example")


def test_links_in_mails_lead_to_the_projects_own_front_end() -> None:
    def links(of: Project) -> AuthSettings:
        return from_env(AuthSettings, variables(of, "auth"))

    assert links(project()).client_url == "http://localhost:3000"
    assert links(project(env=Environment.PROD, base_domain="shop.example")).client_url == "https://shop.example"
    assert links(project(custom=(custom(),))).client_url == "https://web.localhost:8443"
    app = Frontend(name="app", display_name="App", port=3000, host="app.localhost")
    found = links(project(custom=(custom(),), frontends=(app,)))
    assert found.client_url == "https://app.localhost:8443"
    assert found.allowed_redirect_urls == ("https://*.localhost:8443", "https://localhost:8443")
    assert links(project(values={"AUTH_CLIENT_URL": "https://mine.example"})).client_url == "https://mine.example"


def test_storage_does_without_graphql_when_that_is_switched_off() -> None:
    of = project(values={"HASURA_ENABLED": "false"})
    assert not from_env(StorageSettings, variables(of, "storage")).track_tables


def test_an_absolute_route_is_taken_as_it_is() -> None:
    of = project(values={"HASURA_ROUTE": "graphql.example.com."})
    assert [route.host for route in spec(of, "graphql").routes] == ["graphql.example.com"]


def test_sign_in_paths_follow_the_api_prefix() -> None:
    (route,) = spec(project(values={"AUTH_API_PREFIX": "/v2"}), "auth").routes
    assert "/v2/signin" in route.strict_paths
    assert all(path.startswith("/v2/") for path in route.strict_paths)
