"""A tracking server's REST API, as far as delivery needs it, under the names of MLflow's client.

The client library takes a second and 150 MB to import; a server needs none of it. Answers are
decoded into the few fields that are read here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
import msgspec

from pytest_llmops.sinks.acknowledge import acknowledge
from pytest_llmops.sinks.delivery.destination import DeliveryError
from pytest_llmops.sinks.mlflow.answers import (
    Experiment,
    MlflowError,
    Named,
    TrackedRun,
    Versioned,
)
from pytest_llmops.sinks.openllmetry.otlp import REFUSALS
from pytest_llmops.sinks.settings import Mlflow, bare

TIMEOUT = 20.0
"""Seconds for one request."""

PAGE = 500

PROXIED = "mlflow-artifacts:/"
"""How an address begins whose files go through the server."""


class Server:
    """A tracking server."""

    def __init__(self, settings: Mlflow) -> None:
        """Prepare; nothing is sent."""
        self._url, self._uri = bare(settings.uri), settings.uri
        self._http = httpx.Client(
            base_url=settings.uri,
            headers=settings.authorization,
            timeout=TIMEOUT,
            event_hooks={"response": [acknowledge]},
        )

    def ask(self, method: str, path: str, **content: Any) -> Any:
        """Make a request and decode its answer.

        Raises:
            DeliveryError: There is no answer.
            MlflowError: It is a refusal.
        """
        answer = self.request(method, f"/api/{path}", **content)
        try:
            told = answer.json()
        except ValueError:
            told = None
        if answer.is_success and isinstance(told, dict):
            return told
        code = told.get("error_code", "") if isinstance(told, dict) else ""
        said = str(told.get("message", "")).partition("\n")[0][:300] if code else answer.status_code
        problem = f"{self._url} answered {said} to {path}"
        if code and (answer.status_code in REFUSALS or answer.status_code == 404):
            raise MlflowError(problem, code)
        raise DeliveryError(problem)

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Make a request.

        Raises:
            DeliveryError: There is no answer.
        """
        try:
            return self._http.request(method, path, **content)
        except httpx.HTTPError as error:
            raise DeliveryError(f"{self._url} does not answer ({type(error).__name__})") from None

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """The experiment of a name."""
        asked = {"experiment_name": name}
        try:
            found = self._get("experiments/get-by-name", asked)
        except MlflowError as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return msgspec.convert(found["experiment"], Experiment)

    def create_experiment(self, name: str, artifact_location: str | None = None) -> str:
        """Make an experiment; gives its id."""
        del artifact_location  # the server says
        return str(self._post("experiments/create", name=name)["experiment_id"])

    def search_runs(self, ids: Sequence[str], filter_string: str, max_results: int) -> list[Any]:
        """The runs of experiments that a filter lets through."""
        asked = {"experiment_ids": list(ids), "filter": filter_string, "max_results": max_results}
        return msgspec.convert(self._post("runs/search", **asked).get("runs", []), list[TrackedRun])

    def create_run(
        self, experiment: str, *, start_time: int, tags: Mapping[str, str], run_name: str
    ) -> TrackedRun:
        """Start a run."""
        made = self._post(
            "runs/create",
            experiment_id=experiment,
            start_time=start_time,
            run_name=run_name,
            tags=_listed(tags),
        )
        return msgspec.convert(made["run"], TrackedRun)

    def set_tag(self, run: str, name: str, value: str) -> None:
        """Set a tag of a run."""
        self._post("runs/set-tag", run_id=run, key=name, value=value)

    def set_terminated(self, run: str, status: str, end_time: int) -> None:
        """End a run."""
        self._post("runs/update", run_id=run, status=status, end_time=end_time)

    def log_values(
        self,
        run: str,
        *,
        metrics: Mapping[str, float],
        time: int,
        params: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> None:
        """Write metrics, parameters and tags of a run."""
        points = [
            {"key": name, "value": value, "timestamp": time, "step": 0}
            for name, value in metrics.items()
        ]
        named = {"params": _listed(params), "tags": _listed(tags)}
        self._post("runs/log-batch", run_id=run, metrics=points, **named)

    def log_parts(self, run: TrackedRun, parts: Iterable[bytes], path: str) -> None:
        """Write a file of a run.

        Raises:
            DeliveryError: It was not taken.
        """
        place = run.info.artifact_uri
        if not place.startswith(PROXIED) or place.startswith(PROXIED + "/"):
            self._log_elsewhere(run.info.run_id, parts, path)
            return
        under = f"{place.removeprefix(PROXIED)}/{path}"
        answer = self.request(
            "PUT", f"/api/2.0/mlflow-artifacts/artifacts/{under}", content=iter(parts)
        )
        if not answer.is_success:
            raise DeliveryError(f"{self._url} answered {answer.status_code} to {path}")

    def _log_elsewhere(self, run: str, parts: Iterable[bytes], path: str) -> None:
        """Have the client library write a file where the server itself keeps none."""
        from mlflow import MlflowClient  # noqa: PLC0415 - see above
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        try:
            MlflowClient(self._uri, self._uri).log_text(run, b"".join(parts).decode(), path)
        except (MlflowException, OSError) as error:
            raise DeliveryError(
                f"{self._url}: {path}: {str(error).partition(chr(10))[0]}"
            ) from None

    def assessed(self, traces: Sequence[str]) -> dict[str, set[str]]:
        """Ids of the assessments of those traces that are there."""
        found = self.ask("POST", "3.0/mlflow/traces/batchGetInfos", json={"trace_ids": [*traces]})
        return {
            one["trace_id"]: {made["assessment_id"] for made in one.get("assessments", [])}
            for one in found.get("trace_infos", [])
        }

    def assess(self, made: Mapping[str, Any]) -> None:
        """Write an assessment, of a trace that is there.

        Raises:
            DeliveryError: It was not taken.
        """
        trace, identity = made["trace_id"], made["assessment_id"]
        path = f"/api/3.0/mlflow/traces/{trace}/assessments"
        answer = self.request("POST", path, json={"assessment": made})
        if answer.is_success:
            return
        found = self.assessed([trace])
        if trace not in found:
            raise DeliveryError(f"{self._url} took a trace that it does not have")
        if identity not in found[trace]:  # or the answer to an earlier request was lost
            raise DeliveryError(f"{self._url} answered {answer.status_code} to {path}")

    def create_registered_model(self, name: str, description: str) -> None:
        """Make a registered model."""
        self._post("registered-models/create", name=name, description=description)

    def get_registered_model(self, name: str) -> Versioned:
        """A registered model, with its tags."""
        found = self._get("registered-models/get", {"name": name})["registered_model"]
        return _versioned(found)

    def search_model_versions(self, filter_string: str) -> list[Versioned]:
        """The versions that a filter lets through."""
        asked: dict[str, str | int] = {"filter": filter_string, "max_results": PAGE}
        found = self._get("model-versions/search", asked).get("model_versions", [])
        return [_versioned(one) for one in found]

    def get_model_version(self, name: str, version: str) -> Versioned:
        """A version, with its aliases."""
        found = self._get("model-versions/get", {"name": name, "version": version})
        return _versioned(found["model_version"])

    def create_model_version(self, name: str, source: str, **more: Any) -> Versioned:
        """Make a version."""
        more["tags"] = _listed(more["tags"])
        made = self._post("model-versions/create", name=name, source=source, **more)
        return _versioned(made["model_version"])

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        """Have an alias mean a version."""
        self._post("registered-models/alias", name=name, alias=alias, version=version)

    def set_registered_model_tag(self, name: str, key: str, value: str) -> None:
        """Set a tag of a registered model."""
        self._post("registered-models/set-tag", name=name, key=key, value=value)

    def _get(self, path: str, asked: Mapping[str, str | int]) -> Any:
        return self.ask("GET", f"2.0/mlflow/{path}", params=dict(asked))

    def _post(self, path: str, **body: Any) -> Any:
        return self.ask("POST", f"2.0/mlflow/{path}", json=body)


def _listed(named: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": value} for name, value in named.items()]


def _versioned(found: Any) -> Versioned:
    given = msgspec.convert(found.get("tags", []), list[Named])
    named = [one if isinstance(one, str) else one["alias"] for one in found.get("aliases", [])]
    tags = {one.key: one.value for one in given}
    return Versioned(found["name"], str(found.get("version", "")), tags, named)
