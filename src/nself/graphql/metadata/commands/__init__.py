"""What /v1/metadata, /v1/query and /v2/query can be told to do: one file per family, one row per command."""

from __future__ import annotations
