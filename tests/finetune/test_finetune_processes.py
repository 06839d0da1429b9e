"""Two processes train what one trains: with copies of the model (DDP), and with shards (FSDP 2)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the `local` extra")
pytest.importorskip("accelerate", reason="needs the `finetune` extra")

from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils.launch import prepare_multi_gpu_env
from test_finetune_train import (
    HELD_OUT,
    SETTINGS,
    SFT,
    WEIGHTS,
    save_data,
    save_tiny,
)

from finetune.settings import Train
from finetune.train import train

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "finetune" / "accelerate").glob("*.yaml"))
PROGRAM = """
import os, signal, sys
from pathlib import Path
import msgspec
from finetune.settings import Train
from finetune.train import train

def report(progress):
    if progress.step == int(kill_at) and not progress.message:
        os.kill(os.getpid(), signal.SIGKILL)

data, base, output, settings, kill_at = sys.argv[1:]
settings = msgspec.json.decode(settings, type=Train)
train(Path(data), Path(base), Path(output), settings, report=report)
"""


def train_in_two(folder, output, settings, *, environment, kill_at=-1):
    program = folder / "program.py"
    program.write_text(PROGRAM)
    places = [str(folder / "data"), str(folder / "tiny"), str(output)]
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone"]
    command += ["--local-addr=127.0.0.1"]  # else they meet by the machine's name, if it has one
    command += ["--nproc_per_node=2", str(program), *places, json.dumps(settings), str(kill_at)]
    added = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, env={**os.environ, **added, **environment}, capture_output=True, text=True
    )


@pytest.fixture
def folder(tmp_path):
    save_tiny(tmp_path / "tiny")
    save_data(tmp_path / "data", SFT, HELD_OUT)
    return tmp_path


def sharded():
    """What `accelerate launch` tells its processes of fsdp.yaml."""
    file = str(ROOT / "finetune" / "accelerate" / "fsdp.yaml")
    given = launch_command_parser().parse_args(["--config_file", file, "-m", "finetune", "train"])
    options, *_ = _validate_launch_command(given)
    told = prepare_multi_gpu_env(options)
    assert told["FSDP_VERSION"] == "2"
    return {
        name: value
        for name, value in told.items()
        if name.startswith("FSDP_") or name == "ACCELERATE_USE_FSDP"
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["copies", "shards"])
def test_two_processes_train_what_two_rows_a_step_train(folder, kind):
    alone = train(folder / "data", folder / "tiny", folder / "one", Train(**SETTINGS, accumulate=2))
    environment = {"ACCELERATE_USE_CPU": "true", **(sharded() if kind == "shards" else {})}
    both = folder / "two"
    killed = train_in_two(folder, both, SETTINGS, environment=environment, kill_at=3)
    assert killed.returncode
    kept = sorted(path.name for path in both.glob("checkpoints/*"))
    assert kept == ["step-000002"], killed.stderr  # it may have died before, and of something else
    ended = train_in_two(folder, both, SETTINGS, environment=environment)
    assert not ended.returncode, ended.stderr
    found = json.loads((both / "training.json").read_text())
    assert found["identity"]["processes"] == "2"
    losses = [point["train_loss"] for point in found["curve"]]
    assert losses == pytest.approx([point.train_loss for point in alone.curve], rel=1e-4)
    assert found["validation_loss"] == pytest.approx(alone.validation_loss, rel=1e-4)
    assert (both / WEIGHTS).stat().st_size == (folder / "one" / WEIGHTS).stat().st_size


def test_processes_that_do_not_find_each_other_are_refused(folder, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(Exception, match="started as 2 processes that do not find each other"):
        train(folder / "data", folder / "tiny", folder / "out", Train(**SETTINGS))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_the_documented_configurations_are_those_of_accelerate(path):
    config = load_config_from_file(str(path))
    assert config.mixed_precision == "no"
    assert config.num_processes == 2
