"""What the auth server is configured by, under the names existing projects already use."""

from __future__ import annotations

from enum import StrEnum

from nself.records import dataclass
from nself.settings import JsonObject, env


class GravatarDefault(StrEnum):
    """What Gravatar shows for an address it does not know."""

    BLANK = "blank"
    IDENTICON = "identicon"
    MONSTERID = "monsterid"
    WAVATAR = "wavatar"
    RETRO = "retro"
    ROBOHASH = "robohash"
    MP = "mp"
    NOT_FOUND = "404"


class GravatarRating(StrEnum):
    """How daring a picture Gravatar may show."""

    G = "g"
    PG = "pg"
    R = "r"
    X = "x"


class SmtpAuthMethod(StrEnum):
    """How the mailer proves who it is."""

    PLAIN = "plain"
    LOGIN = "login"
    CRAM_MD5 = "cram-md5"


_INTERVAL = r"(\d+(ms|s|m|h))+"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """Every variable of the auth server."""

    # where it listens and what it is called
    port: int = env("AUTH_PORT", default=4000, minimum=0, maximum=65535, help="Port to listen on.")
    api_prefix: str = env(
        "AUTH_API_PREFIX", default="/v1", pattern=r"(/[A-Za-z0-9._~-]+)*", help="Path before every route."
    )
    server_url: str = env(
        "AUTH_SERVER_URL", default="", help="Public base URL of this server with its prefix; links in mails start so."
    )
    client_url: str = env("AUTH_CLIENT_URL", default="", help="The front end: where links lead when none is asked for.")
    allowed_redirect_urls: tuple[str, ...] = env(
        "AUTH_ACCESS_CONTROL_ALLOWED_REDIRECT_URLS",
        default=(),
        help="Where else links may lead; `*` stands for one host label, `**` for several.",
    )

    # what it stands on
    database_url: str = env(
        "HASURA_GRAPHQL_DATABASE_URL",
        aliases=("AUTH_DATABASE_URL", "POSTGRES_CONNECTION", "DATABASE_URL"),
        secret=True,
        help="PostgreSQL connection string.",
    )
    migrations_url: str | None = env(
        "POSTGRES_MIGRATIONS_CONNECTION",
        default=None,
        secret=True,
        help="Connection string for creating the auth schema, when its owner is another role.",
    )
    jwt_secret: JsonObject = env(
        "HASURA_GRAPHQL_JWT_SECRET", secret=True, help='Key of the access tokens: {"type": "HS256", "key": "..."}.'
    )
    graphql_url: str = env(
        "HASURA_GRAPHQL_GRAPHQL_URL", default="", help="The GraphQL engine; custom claims are read from it."
    )
    admin_secret: str = env(
        "HASURA_GRAPHQL_ADMIN_SECRET", default="", secret=True, help="Admin secret of the GraphQL engine."
    )

    # who may come in, and as what
    allowed_emails: tuple[str, ...] = env(
        "AUTH_ACCESS_CONTROL_ALLOWED_EMAILS", default=(), help="Only these addresses may have an account."
    )
    allowed_email_domains: tuple[str, ...] = env(
        "AUTH_ACCESS_CONTROL_ALLOWED_EMAIL_DOMAINS", default=(), help="Only these domains may have an account."
    )
    blocked_emails: tuple[str, ...] = env(
        "AUTH_ACCESS_CONTROL_BLOCKED_EMAILS", default=(), help="These addresses may not have an account."
    )
    blocked_email_domains: tuple[str, ...] = env(
        "AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS", default=(), help="These domains may not have an account."
    )
    disable_signup: bool = env("AUTH_DISABLE_SIGNUP", default=False, help="Nobody new may come in, by any way.")
    disable_new_users: bool = env("AUTH_DISABLE_NEW_USERS", default=False, help="New users start disabled.")
    anonymous_users_enabled: bool = env(
        "AUTH_ANONYMOUS_USERS_ENABLED", default=False, help="Allow sign-in without any credentials."
    )
    email_verified_required: bool = env(
        "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED", default=True, help="Sign-in needs a verified address."
    )
    default_role: str = env("AUTH_USER_DEFAULT_ROLE", default="user", minimum=1, help="Role of a new user.")
    default_allowed_roles: tuple[str, ...] = env(
        "AUTH_USER_DEFAULT_ALLOWED_ROLES", default=("me",), help="Roles of a new user; the default role joins them."
    )
    default_locale: str = env(
        "AUTH_LOCALE_DEFAULT", default="en", pattern=r"[A-Za-z]{2,3}", help="Language of users who name none."
    )
    allowed_locales: tuple[str, ...] = env(
        "AUTH_LOCALE_ALLOWED_LOCALES", default=("en",), help="Languages users may choose."
    )
    password_min_length: int = env(
        "AUTH_PASSWORD_MIN_LENGTH", default=3, minimum=3, maximum=72, help="Shortest password allowed, in characters."
    )
    password_hibp_enabled: bool = env(
        "AUTH_PASSWORD_HIBP_ENABLED",
        default=False,
        help="Refuse passwords known from leaks (asks api.pwnedpasswords.com for a hash prefix).",
    )
    gravatar_enabled: bool = env("AUTH_GRAVATAR_ENABLED", default=True, help="Give new users their Gravatar picture.")
    gravatar_default: GravatarDefault = env(
        "AUTH_GRAVATAR_DEFAULT", default=GravatarDefault.BLANK, help="Picture of an address Gravatar does not know."
    )
    gravatar_rating: GravatarRating = env(
        "AUTH_GRAVATAR_RATING", default=GravatarRating.G, help="Highest rating of a Gravatar picture."
    )

    # what it gives out
    access_token_expires_in: int = env(
        "AUTH_ACCESS_TOKEN_EXPIRES_IN", default=900, minimum=1, help="Life of an access token, in seconds."
    )
    refresh_token_expires_in: int = env(
        "AUTH_REFRESH_TOKEN_EXPIRES_IN", default=2_592_000, minimum=1, help="Life of a refresh token, in seconds."
    )
    refresh_token_grace: int = env(
        "AUTH_REFRESH_TOKEN_GRACE",
        default=0,
        minimum=0,
        maximum=300,
        help="For so many seconds a replaced refresh token works once more, so that a lost reply logs nobody out.",
    )
    custom_claims: JsonObject | None = env(
        "AUTH_JWT_CUSTOM_CLAIMS",
        default=None,
        help="More claims for access tokens: JSON of claim name to path in the user's GraphQL data.",
        example='{"org-id": "profile.org.id"}',
    )
    custom_claims_defaults: JsonObject | None = env(
        "AUTH_JWT_CUSTOM_CLAIMS_DEFAULTS", default=None, help="JSON of claim name to value for absent data."
    )

    # mail
    smtp_host: str = env("AUTH_SMTP_HOST", default="", help="Mail server; without one no mail can be sent.")
    smtp_port: int = env("AUTH_SMTP_PORT", default=587, minimum=1, maximum=65535, help="Port of the mail server.")
    smtp_user: str = env("AUTH_SMTP_USER", default="", help="User name at the mail server; empty: no login.")
    smtp_password: str = env("AUTH_SMTP_PASS", default="", secret=True, help="Password at the mail server.")
    smtp_sender: str = env("AUTH_SMTP_SENDER", default="", help="Sender address of every mail.")
    smtp_secure: bool = env("AUTH_SMTP_SECURE", default=False, help="TLS from the first byte (usually port 465).")
    smtp_auth_method: SmtpAuthMethod = env(
        "AUTH_SMTP_AUTH_METHOD", default=SmtpAuthMethod.PLAIN, help="How to log in at the mail server."
    )
    smtp_api_header: str = env("AUTH_SMTP_X_SMTPAPI_HEADER", default="", help="Text of an X-SMTPAPI header.")
    templates_path: str = env(
        "AUTH_EMAIL_TEMPLATES_PATH",
        default="/app/email-templates",
        help="Folder of your own mail templates: <locale>/<template>/{subject.txt,body.html,body.txt}.",
    )

    # how it answers
    conceal_errors: bool = env(
        "AUTH_CONCEAL_ERRORS", default=False, help="Answer invalid-request where the true reason tells about accounts."
    )
    legacy_errors: bool = env(
        "AUTH_LEGACY_ERRORS", default=False, help="Error codes of older servers: email-already-in-use, 400 for tokens."
    )
    rate_limit_enabled: bool = env("AUTH_RATE_LIMIT_ENABLE", default=False, help="Limit requests per client address.")
    rate_limit_global_burst: int = env("AUTH_RATE_LIMIT_GLOBAL_BURST", default=100, minimum=1, help="All requests.")
    rate_limit_global_interval: str = env(
        "AUTH_RATE_LIMIT_GLOBAL_INTERVAL", default="1m", pattern=_INTERVAL, help="Window of that limit."
    )
    rate_limit_email_burst: int = env(
        "AUTH_RATE_LIMIT_EMAIL_BURST", default=10, minimum=1, help="Requests that send mail."
    )
    rate_limit_email_interval: str = env(
        "AUTH_RATE_LIMIT_EMAIL_INTERVAL", default="1h", pattern=_INTERVAL, help="Window of that limit."
    )
    rate_limit_email_is_global: bool = env(
        "AUTH_RATE_LIMIT_EMAIL_IS_GLOBAL", default=False, help="One mail limit for all clients together."
    )
    rate_limit_brute_force_burst: int = env(
        "AUTH_RATE_LIMIT_BRUTE_FORCE_BURST", default=10, minimum=1, help="Requests that try credentials."
    )
    rate_limit_brute_force_interval: str = env(
        "AUTH_RATE_LIMIT_BRUTE_FORCE_INTERVAL", default="5m", pattern=_INTERVAL, help="Window of that limit."
    )
    rate_limit_signups_burst: int = env("AUTH_RATE_LIMIT_SIGNUPS_BURST", default=10, minimum=1, help="Sign-ups.")
    rate_limit_signups_interval: str = env(
        "AUTH_RATE_LIMIT_SIGNUPS_INTERVAL", default="5m", pattern=_INTERVAL, help="Window of that limit."
    )

    @property
    def public_url(self) -> str:
        """What links in mails start with."""
        return (self.server_url or f"http://localhost:{self.port}{self.api_prefix}").rstrip("/")

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles a new user may have: the configured ones, the default role first."""
        return tuple(dict.fromkeys((self.default_role, *self.default_allowed_roles)))
