"""`nself service mlflow …`: experiments, runs and models. A file here is a sub-command."""

from __future__ import annotations

from nself.cli.folder import folder_group


@folder_group(__file__, __name__, short_help="Install MLflow, and look at what it holds.")
def command() -> None:
    """MLflow, with its records in the project's PostgreSQL and its artifacts in the S3 store.

    \b
    Examples:
      nself service mlflow install && nself service mlflow enable && nself start
      nself service mlflow runs churn
    """
