"""Variables of the earlier program that nothing reads: a project that has them loads, and hears what to know instead.

`_N` in a name stands for any number from 1.
"""

from __future__ import annotations

_LISTS = ("NESTJS", "EXPRESS", "FASTIFY", "GOLANG", "PYTHON", "RUST")
_LIMITED = {"POSTGRES": "postgres", "HASURA": "graphql", "AUTH": "auth", "MINIO": "minio", "REDIS": "redis"}
OBSOLETE = {
    **{f"{kind}_SERVICES": "has no effect: name each service with CS_N=name:template" for kind in _LISTS},
    "FRONTEND_APPS": "has no effect: name each frontend with FRONTEND_APP_N_NAME",
    "SERVICES_ENABLED": "has no effect: a custom service runs when its CS_N is set",
    "REMOTE_SCHEMAS_ENABLED": "has no effect: a remote schema counts when its REMOTE_SCHEMA_N_URL is set",
    "FRONTEND_APP_COUNT": "has no effect: frontends are counted by themselves",
    "DEMO_CONTENT": "has no effect: no service is ever replaced by a stand-in",
    **{
        f"{word}_{limit}": f"has no effect: say it with nself scale up {service} --{limit.lower()}"
        for word, service in _LIMITED.items()
        for limit in ("MEMORY", "CPU")
    },
    "DOCKER_NETWORK": "has no effect: the network is named after the project",
    "COMPOSE_PROJECT_NAME": "has no effect: PROJECT_NAME names containers, volumes and network",
    **{
        f"DOCKER_{part}": "has no effect: an image is named whole, as in REDIS_IMAGE; a mirror of Docker Hub is set up "
        "for the whole engine, as registry-mirrors in its daemon.json"
        for part in ("REGISTRY", "NAMESPACE")
    },
    "POSTGRES_HOST": "has no effect: DATABASE_URL names a database elsewhere, with POSTGRES_ENABLED=false",
    "POSTGRES_SSL_MODE": "has no effect: DATABASE_URL says it of a database elsewhere, as ?sslmode=require",
    "HASURA_DEV_MODE": "has no effect: HASURA_GRAPHQL_DEV_MODE has",
    "HASURA_LOG_LEVEL": "has no effect: LOG_LEVEL is that of every service",
    "HASURA_JWT_TYPE": "has no effect: JWT_KEY signs with HS256, and HASURA_GRAPHQL_JWT_SECRET says all of another key",
    "STORAGE_MAX_FILE_SIZE": "has no effect: a bucket says it, as max_upload_file_size in storage.buckets",
    "STORAGE_PRESIGNED_URL_EXPIRES_IN": "has no effect: a bucket says it, as download_expiration in storage.buckets",
    "STORAGE_ALLOWED_MIME_TYPES": "has no effect: files are allowed by the permissions of storage.files",
    **{
        f"SSL_{part}": "has no effect: SSL_MODE says whose the certificate is, and nself ssl tells of it"
        for part in ("AUTO_RENEW", "CERT_NAME", "FALLBACK_LOCALHOST", "NSELF_ORG_DOMAIN", "PROVIDER", "PUBLIC_WILDCARD")
    },
    **{
        f"{exporter}_EXPORTER_PORT": "has no effect: this version has no such service"
        for exporter in ("POSTGRES", "REDIS")
    },
    **{
        f"FRONTEND_APP_N_{part}": "has no effect: this version deploys no frontends"
        for part in ("REPO", "BRANCH", "PROVIDER")
    },
    **{
        f"FRONTEND_APP_N_REMOTE_SCHEMA_{part}": "has no effect: remote schemas are part of GraphQL's metadata"
        for part in ("NAME", "URL")
    },
    **{
        f"FRONTEND_APP_N_API_{part}": "has no effect: an API beside a frontend is a service of its own, as CS_N"
        for part in ("ROUTE", "PORT")
    },
    "HASURA_VERSION": "has no effect: HASURA_IMAGE names another image for engine: hasura",
    "AUTH_VERSION": "has no effect: AUTH_IMAGE names another image for engine: hasura",
    "STORAGE_VERSION": "has no effect: STORAGE_IMAGE names another image for engine: hasura",
    "NGINX_VERSION": "has no effect: nginx comes with nself",
    "FUNCTIONS_VERSION": "has no effect: functions come with nself",
    "FUNCTIONS_RUNTIME": "has no effect: the ending of a function's file says its language",
    "MLFLOW_VERSION": "has no effect: MLflow's version is pinned; MLFLOW_IMAGE names another in containers",
    "EMAIL_PROVIDER": "has no effect: nself service email configure writes the settings of a provider",
    "CORS_ENABLED": "has no effect: HASURA_GRAPHQL_CORS_DOMAIN says who may ask from a browser",
    "CORS_ORIGINS": "has no effect: HASURA_GRAPHQL_CORS_DOMAIN says who may ask from a browser",
    "API_RATE_LIMIT": "has no effect: NGINX_RATE_LIMIT is the limit of every host",
}
