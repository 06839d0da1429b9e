"""Make the jobs of Harbor that the tests import, with the real package.

    python3.13 -m venv VENV && VENV/bin/pip install harbor==0.26.0
    VENV/bin/python tests/imports/harness_logs/make_harbor.py tests/imports/harness_logs/harbor

Environment, agent and verifier are doubles (no container, no model); jobs, trials and their files
are Harbor's own. An attempt at task n costs 1,000 + n tokens in (400 of them cached), 200 + n out,
30 % more in the job `wordy`, and a cent per 1,000 tokens out. Every third task is not solved, task
7 times out and its verifier passes it all the same. Only `result.json` is kept, without the paths
of the machine.
"""
# ruff: noqa: ARG002 - the doubles need no argument

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path

from harbor.agents.base import BaseAgent
from harbor.environments.base import BaseEnvironment, ExecResult
from harbor.environments.capabilities import EnvironmentCapabilities
from harbor.job import Job
from harbor.models.job.config import JobConfig
from harbor.models.verifier.result import VerifierResult
from harbor.verifier.base import BaseVerifier

TASKS = 24


class Nowhere(BaseEnvironment):
    @staticmethod
    def type():
        return "nowhere"

    @property
    def capabilities(self):
        return EnvironmentCapabilities(disable_internet=True)

    def _validate_definition(self):
        pass

    async def start(self, force_build):
        pass

    async def stop(self, delete):
        pass

    async def upload_file(self, source_path, target_path):
        pass

    async def upload_dir(self, source_dir, target_dir):
        pass

    async def download_file(self, source_path, target_path):
        pass

    async def download_dir(self, source_dir, target_dir):
        pass

    async def exec(self, command, cwd=None, env=None, timeout_sec=None, user=None):
        return ExecResult(stdout="", stderr="", return_code=0)


class Scripted(BaseAgent):
    @staticmethod
    def name():
        return "scripted"

    def version(self):
        return "1.0.0"

    async def setup(self, environment):
        pass

    async def run(self, instruction, environment, context):
        number = int(instruction.split()[-1])
        growth = 1.3 if self.model_name.endswith("wordy") else 1.0
        context.n_input_tokens = 1000 + number
        context.n_cache_tokens = 400
        context.n_output_tokens = round(growth * (200 + number))
        context.cost_usd = context.n_output_tokens / 100_000
        if number == 7:
            raise TimeoutError("too slow")


class Marks(BaseVerifier):
    async def verify(self):
        number = int(self.task.instruction.split()[-1])
        return VerifierResult(rewards={"reward": float(number % 3 != 2)})


def write_tasks(folder: Path) -> None:
    for number in range(TASKS):
        task = folder / f"task-{number:02}"
        for part in ("environment", "tests"):
            (task / part).mkdir(parents=True)
        (task / "instruction.md").write_text(f"Do number {number}\n")
        (task / "task.toml").write_text('version = "1.0"\n')
        (task / "environment" / "Dockerfile").write_text("FROM scratch\n")
        (task / "tests" / "test.sh").write_text("true\n")


def keep_results(job: Path, made: str) -> None:
    for file in [path for path in job.rglob("*") if path.is_file()]:
        if file.name != "result.json":
            file.unlink()
            continue
        text = file.read_text().replace(str(job.parent), "jobs").replace(made, "")
        document = json.loads(text)
        if document.get("exception_info"):
            document["exception_info"]["exception_traceback"] = ""
        file.write_text(json.dumps(document, indent=1) + "\n")
    for folder in sorted((path for path in job.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


async def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as made:
        tasks = Path(made) / "tasks"
        write_tasks(tasks)
        for name, model in {"base": "acme/m", "wordy": "acme/wordy"}.items():
            shutil.rmtree(folder / name, ignore_errors=True)
            config = JobConfig.model_validate(
                {
                    "job_name": name,
                    "jobs_dir": str(folder),
                    "n_attempts": 1,
                    "environment": {"import_path": "make_harbor:Nowhere"},
                    "verifier": {"import_path": "make_harbor:Marks"},
                    "agents": [{"import_path": "make_harbor:Scripted", "model_name": model}],
                    "datasets": [{"path": str(tasks)}],
                    "quiet": True,
                }
            )
            job = await Job.create(config)
            await job.run()
            keep_results(folder / name, made)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    asyncio.run(main(Path(sys.argv[1]).resolve()))
