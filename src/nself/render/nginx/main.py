"""The main file: workers, TLS, limits, logs, upstreams, and the servers that are not a service's."""

from __future__ import annotations

from collections.abc import Sequence

from nself.model.containers import NAME_LASTS_S
from nself.model.proxy import ProxySettings
from nself.model.spec import Endpoint, Network
from nself.render.nginx import answers, static, upstreams
from nself.render.nginx.sites import Site, listen
from nself.render.nginx.syntax import Lines, block, directive

RUN = ".nself/run"
ACME = ".nself/acme"
SPARE_FILES = 512
CIPHERS = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)
TYPES = {
    "text/html": "html htm",
    "text/css": "css",
    "text/javascript": "js mjs",
    "text/plain": "txt",
    "text/xml": "xml",
    "text/markdown": "md",
    "application/json": "json map",
    "application/manifest+json": "webmanifest",
    "application/pdf": "pdf",
    "application/wasm": "wasm",
    "application/zip": "zip",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "image/avif": "avif",
    "image/gif": "gif",
    "image/jpeg": "jpg jpeg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/webp": "webp",
    "image/x-icon": "ico",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
COMPRESSED = (
    "text/css text/plain text/xml text/javascript text/markdown application/json application/manifest+json "
    "application/problem+json application/graphql-response+json application/wasm application/xml image/svg+xml"
)
LOG = {
    "time": "$time_iso8601",
    "id": "$request_reference",
    "remote": "$remote_addr",
    "host": "$host",
    "method": "$request_method",
    "path": "$request_path",
    "protocol": "$server_protocol",
    "status": "$status",
    "bytes": "$body_bytes_sent",
    "seconds": "$request_time",
    "upstream": "$upstream_addr",
    "upstream_seconds": "$upstream_response_time",
    "agent": "$http_user_agent",
}


def main(sites: Sequence[Site], network: Network, settings: ProxySettings) -> Lines:
    return [
        directive("worker_processes", settings.worker_processes),
        # A proxied connection is two files; the rest is for logs, static files and certificates.
        directive("worker_rlimit_nofile", 2 * settings.worker_connections + SPARE_FILES),
        # After a reload the old workers finish what they began. Websockets would hold them for as long as they live.
        directive("worker_shutdown_timeout", "30s"),
        directive("pid", f"{RUN}/nginx.pid"),
        directive("error_log", "stderr", "warn"),
        *block(
            "events",
            body=[directive("worker_connections", settings.worker_connections), directive("multi_accept", "on")],
        ),
        *block("http", body=_http(sites, network, settings)),
    ]


def proxy(settings: ProxySettings) -> Lines:
    """Included wherever a request is passed on. The client's address and scheme are ours to say, not the client's."""
    sent = {
        "Host": "$http_host",
        "X-Real-IP": "$remote_addr",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Host": "$http_host",
        "X-Forwarded-Port": "$server_port",
        "X-Forwarded-Proto": "$scheme",
        "X-Request-ID": "$request_reference",
    }
    return [
        directive("proxy_http_version", "1.1"),
        # Services are near: who waits longer waits for one that is gone. By then its name is known to lead elsewhere.
        directive("proxy_connect_timeout", f"{NAME_LASTS_S + 1}s"),
        # Another replica is tried, where there is one; nothing that may have had its effect is sent twice.
        directive("proxy_next_upstream", "error", "timeout"),
        # Whoever waited longer for an answer than this is not sent to wait again.
        directive("proxy_next_upstream_timeout", "10s"),
        directive("proxy_send_timeout", settings.proxy_timeout),
        *(directive("proxy_set_header", name, value) for name, value in sent.items()),
        directive("proxy_hide_header", "X-Request-ID"),
    ]


def _http(sites: Sequence[Site], network: Network, settings: ProxySettings) -> Lines:
    return [
        *block("types", body=[directive(kind, *endings.split()) for kind, endings in TYPES.items()]),
        directive("default_type", "application/octet-stream"),
        *_basics(settings),
        *_log(),
        *static.here(),
        *_maps(),
        *answers.maps(),
        *answers.error_pages(again=bool(network.resolver) and any(site.places for site in sites)),
        *_limits(sites, settings),
        *(_gzip() if settings.gzip_enabled else []),
        *(_tls() if settings.tls else []),
        *upstreams.render(sites, network),
        *_own_servers(sites, network, settings),
        directive("include", "sites/*.conf"),
    ]


def _basics(settings: ProxySettings) -> Lines:
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return [
        directive("sendfile", "on"),
        directive("tcp_nopush", "on"),
        directive("server_tokens", "off"),
        directive("server_names_hash_bucket_size", 256),
        directive("keepalive_timeout", f"{settings.keepalive_timeout_s}s"),
        # A worker that is replaced answers who asks just then, and tells them to connect anew, before it hangs up.
        directive("keepalive_min_timeout", "2s"),
        directive("client_max_body_size", settings.max_body_size),
        directive("client_header_timeout", "15s"),
        directive("reset_timedout_connection", "on"),
        *(directive(f"{name}_temp_path", f"{RUN}/nginx-{name}") for name in temporary),
    ]


def _log() -> Lines:
    form = "{" + ",".join(f'"{name}":"{value}"' for name, value in LOG.items()) + "}"
    return [
        directive("log_format", "json", "escape=json", form),
        # 4k is what a pipe takes whole, so that lines of several workers do not mix.
        directive("access_log", "/dev/stdout", "json", "buffer=4k", "flush=1s"),
    ]


def _maps() -> Lines:
    """Only websockets may upgrade; upstream connections are otherwise kept alive. A client's own request id is kept
    when it is a plain one. What is logged has no query: links in mails and presigned URLs carry tokens there."""
    return [
        *block("map", "$request_uri", "$request_path", body=["default '';", '"~^([^?]+)" $1;']),
        *block("map", "$http_upgrade", "$upgrade", body=["default '';", "~*^websocket$ websocket;"]),
        *block("map", "$upgrade", "$connection_upgrade", body=["default '';", "websocket upgrade;"]),
        *block(
            "map",
            "$http_x_request_id",
            "$request_reference",
            body=["default $request_id;", '"~^[A-Za-z0-9._-]{8,64}$" $http_x_request_id;'],
        ),
    ]


def _limits(sites: Sequence[Site], settings: ProxySettings) -> Lines:
    own = [place for site in sites for place in site.places if place.zone]
    zones = [("general", "10m", settings.rate_limit), ("strict", "10m", settings.strict_rate_limit)]
    zones += [(place.zone, "1m", f"{place.route.rate_per_minute}r/m") for place in own]
    return [
        directive("limit_req_status", 429),
        directive("limit_req_log_level", "warn"),
        *(
            directive("limit_req_zone", "$binary_remote_addr", f"zone={name}:{size}", f"rate={rate}")
            for name, size, rate in zones
        ),
    ]


def _gzip() -> Lines:
    return [
        directive("gzip", "on"),
        directive("gzip_comp_level", 5),
        directive("gzip_min_length", 1024),
        directive("gzip_proxied", "any"),
        directive("gzip_vary", "on"),
        directive("gzip_types", *COMPRESSED.split()),
    ]


def _tls() -> Lines:
    return [
        directive("ssl_protocols", "TLSv1.2", "TLSv1.3"),
        directive("ssl_ciphers", CIPHERS),
        directive("ssl_prefer_server_ciphers", "off"),
        directive("ssl_session_cache", "shared:tls:10m"),
        directive("ssl_session_timeout", "1d"),
        directive("ssl_session_tickets", "off"),
    ]


def _own_servers(sites: Sequence[Site], network: Network, settings: ProxySettings) -> Lines:
    health = network.listen("nginx", "health")
    lines = _stranger(network.listen("nginx", settings.scheme), settings)
    if settings.tls:
        lines += _stranger(network.listen("nginx", "http"), None)
        lines += _redirect(sites, network)
    return [
        *lines,
        *block(
            "server",
            body=[
                directive("listen", str(health)),
                directive("access_log", "off"),
                *block(
                    "location",
                    "=",
                    "/health",
                    body=[directive("default_type", "text/plain"), directive("return", 200, "ok\n")],
                ),
                *block("location", "/", body=[directive("return", 404)]),
            ],
        ),
    ]


def _stranger(at: Endpoint, settings: ProxySettings | None) -> Lines:
    """A host that is none of ours is hung up on: it cannot use us to sign its own links or redirects."""
    return block(
        "server",
        body=[
            *listen(at, settings, "default_server"),
            directive("server_name", "_"),
            directive("return", 444),
        ],
    )


def _redirect(sites: Sequence[Site], network: Network) -> Lines:
    names = [name for site in sites for name in site.names]
    port = network.endpoint("nginx", "https").port
    suffix = "" if port == 443 else f":{port}"
    return block(
        "server",
        body=[
            directive("listen", str(network.listen("nginx", "http"))),
            directive("server_name", *names),
            *block(
                "location",
                "^~",
                "/.well-known/acme-challenge/",
                body=[static.root(ACME), directive("default_type", "text/plain")],
            ),
            # 308 keeps the method and the body, unlike 301.
            *block("location", "/", body=[directive("return", 308, f"https://$host{suffix}$request_uri")]),
        ],
    )
