"""Variables of the storage server, under hasura-storage's names; our own begin with STORAGE_."""

from __future__ import annotations

from enum import StrEnum

from nself.records import dataclass
from nself.settings import env


class BackendKind(StrEnum):
    DISK = "disk"
    S3 = "s3"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    bind: str = env("BIND", default=":8000", help="Where to listen: `port`, `:port` or `host:port`.")
    public_url: str = env("PUBLIC_URL", default="http://localhost:8000", help="Outside URL; presigned URLs start so.")
    api_root_prefix: str = env(
        "API_ROOT_PREFIX", default="/v1", pattern=r"|(/[A-Za-z0-9._-]+)+", help="Prefix of every path but /healthz."
    )
    debug: bool = env("DEBUG", default=False, help="Tell callers why they were refused. For development.")

    database_url: str = env(
        "POSTGRES_MIGRATIONS_SOURCE",
        aliases=("HASURA_GRAPHQL_DATABASE_URL",),
        secret=True,
        help="PostgreSQL connection string.",
    )
    migrate: bool = env("POSTGRES_MIGRATIONS", default=True, help="Create and update the schema `storage` at start.")
    hasura_endpoint: str = env(
        "HASURA_ENDPOINT",
        default="http://localhost:8080/v1",
        help="GraphQL server; /graphql and /metadata are appended. Not used when it shares the process.",
    )
    admin_secret: str | None = env(
        "HASURA_GRAPHQL_ADMIN_SECRET", default=None, secret=True, help="Registers the tables; keys presigned URLs."
    )
    track_tables: bool = env("HASURA_METADATA", default=True, help="Register the tables with GraphQL at start.")
    source: str = env("HASURA_DB_NAME", default="default", help="GraphQL's name of the database.")

    backend: BackendKind = env("STORAGE_BACKEND", default=BackendKind.DISK, help="Where the contents of files are.")
    disk_root: str = env("STORAGE_DISK_ROOT", default="storage", help="Folder of the disk backend.")
    spool_dir: str | None = env(
        "STORAGE_SPOOL_DIR", default=None, help="Where uploads wait. The disk backend has its own place for them."
    )
    max_files: int = env(
        "STORAGE_MAX_FILES_PER_REQUEST", default=200, minimum=1, help="Files accepted in one upload request."
    )

    s3_endpoint: str | None = env("S3_ENDPOINT", default=None, help="URL of the S3 server; empty is AWS.")
    s3_access_key: str | None = env(
        "S3_ACCESS_KEY", default=None, aliases=("MINIO_ROOT_USER",), help="Empty: the AWS default credentials."
    )
    s3_secret_key: str | None = env(
        "S3_SECRET_KEY", default=None, aliases=("MINIO_ROOT_PASSWORD",), secret=True, help="Goes with S3_ACCESS_KEY."
    )
    s3_bucket: str = env("S3_BUCKET", default="", help="Bucket that holds the files of all of our buckets.")
    s3_region: str = env("S3_REGION", default="us-east-1", aliases=("MINIO_REGION",), help="Region of the S3 server.")
    s3_root_folder: str = env("S3_ROOT_FOLDER", default="", help="Prefix of every key in the bucket.")

    cors_allow_origins: tuple[str, ...] = env("CORS_ALLOW_ORIGINS", default=("*",))
    cors_allow_credentials: bool = env("CORS_ALLOW_CREDENTIALS", default=False)
