"""The one module that talks to MLflow, which is imported only when it is used.

Its tables live in the schema `mlflow` of our database, made and migrated by MLflow, so
that our migrations never see them. No server runs: a client on the tables is all.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.db import connection

SCHEMA = "mlflow"
CHAMPION = "champion"
ROUND_TAG = "ivr.round"
LONGEST_VALUE = 500


@dataclass(frozen=True)
class Run:
    """A round as the registry keeps it. folder: where the files are and stay."""

    family: str
    round_id: int
    name: str
    is_champion: bool
    started_at: datetime
    ended_at: datetime
    folder: Path
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, Any]


class Store:
    """A client of the registry."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def open(cls) -> "Store":
        """Connect, and have MLflow make or migrate its tables."""
        # Before the import: it reports usage over the network unless told not to, and
        # would keep connections that a worker uses once an hour.
        os.environ.update(
            MLFLOW_DISABLE_TELEMETRY="true",
            DO_NOT_TRACK="true",
            MLFLOW_SQLALCHEMYSTORE_POOLCLASS="NullPool",
        )
        from mlflow import MlflowClient

        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        address = uri(connection.settings_dict)
        return cls(MlflowClient(tracking_uri=address, registry_uri=address))

    def write(self, run: Run) -> str:
        """The registry has the run as it is now, once; returns its id there."""
        run_id = self._run_id(run)
        self._log(run_id, run)
        version = self._version(run_id, run)
        if run.is_champion:
            self._client.set_registered_model_alias(run.family, CHAMPION, version)
        return run_id

    def _run_id(self, run: Run) -> str:
        """The run of this round, found by its tag or made."""
        experiment = self._client.get_experiment_by_name(run.family)
        experiment_id = (
            experiment.experiment_id
            if experiment
            else self._client.create_experiment(
                run.family, artifact_location=run.folder.parent.as_uri()
            )
        )
        found = self._client.search_runs(
            [experiment_id], f"tags.`{ROUND_TAG}` = '{run.round_id}'", max_results=1
        )
        if found:
            return str(found[0].info.run_id)
        made = self._client.create_run(
            experiment_id,
            start_time=_milliseconds(run.started_at),
            run_name=run.name,
            tags={ROUND_TAG: str(run.round_id)},
        )
        return str(made.info.run_id)

    def _log(self, run_id: str, run: Run) -> None:
        """Parameters and metrics are of a training that is over: they never change."""
        from mlflow.entities import Metric, Param, RunTag

        at = _milliseconds(run.ended_at)
        self._client.log_batch(
            run_id,
            metrics=[Metric(k, float(v), at, 0) for k, v in run.metrics.items()],
            params=[Param(k, _text(v)) for k, v in run.parameters.items()],
            tags=[
                RunTag(k, _text(v))
                for k, v in {**run.tags, "checkpoint.folder": run.folder}.items()
            ],
        )
        self._client.set_terminated(run_id, "FINISHED", end_time=at)

    def _version(self, run_id: str, run: Run) -> str:
        """The model version of the run; its source is our folder."""
        if not self._client.search_registered_models(f"name = '{run.family}'"):
            self._client.create_registered_model(run.family)
        for version in self._client.search_model_versions(f"run_id = '{run_id}'"):
            return str(version.version)
        made = self._client.create_model_version(
            run.family,
            source=run.folder.as_uri(),
            run_id=run_id,
            tags={
                "manifest_sha256": _text(run.tags.get("checkpoint.manifest_sha256", ""))
            },
        )
        return str(made.version)


def uri(at: Mapping[str, Any]) -> str:
    """The address of our database, with MLflow's schema and nothing else in sight."""
    who = quote(at["USER"], safe="")
    if at["PASSWORD"]:
        who += f":{quote(at['PASSWORD'], safe='')}"
    is_socket = str(at["HOST"]).startswith("/")
    host = "" if is_socket else str(at["HOST"])
    port = f":{at['PORT']}" if at["PORT"] and not is_socket else ""
    given = {
        key: value for key, value in at["OPTIONS"].items() if key.startswith("ssl")
    }
    query = {**given, "options": f"-csearch_path={SCHEMA}"}
    if is_socket:
        query["host"] = at["HOST"]
    name = quote(at["NAME"], safe="")
    asked = urlencode(query, quote_via=quote)
    return f"postgresql+psycopg://{who}@{host}{port}/{name}?{asked}"


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _text(value: Any) -> str:
    return str(value)[:LONGEST_VALUE]
