"""Private folders: held while their process lives, swept when it was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_llmops.generation.broker import BrokerServer
from pytest_llmops.scratch import Scratch, sweep

MAKE = """
import sys, time
from pathlib import Path
from pytest_llmops.scratch import Scratch
scratch = Scratch("sandbox", Path(sys.argv[1]))
(scratch.path / "file").write_text("x")
print(scratch.path, flush=True)
time.sleep(60)
"""


def killed_folder(within: Path) -> Path:
    argv = [sys.executable, "-c", MAKE, str(within)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        path = Path(owner.stdout.readline().strip())
        sweep(within)
        assert (path / "file").exists(), "a folder of a living process was removed"
        owner.send_signal(signal.SIGKILL)
    return path


def test_the_folder_of_a_killed_process_is_removed_at_the_next_start(tmp_path):
    path = killed_folder(tmp_path)
    assert path.exists()
    sweep(tmp_path)
    assert not path.exists()


def test_the_next_broker_sweeps_as_well(tmp_path):
    path = killed_folder(tmp_path)
    with BrokerServer(lambda _: None, folder=tmp_path):  # type: ignore[arg-type,return-value]
        assert not path.exists()
        assert [one.name.rpartition("-")[0] for one in tmp_path.iterdir()] == ["llmops-socket"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_in_use_here_is_left_alone(tmp_path):
    scratch = Scratch("socket", tmp_path)
    sweep(tmp_path)
    assert scratch.path.stat().st_mode & 0o777 == 0o700
    scratch.remove()
    assert not scratch.path.exists()


@pytest.mark.parametrize(
    "name", ["llmops-mine", "llmops-sandbox", "llmops-sandbox-notes", "my-llmops-socket-abcdefgh"]
)
def test_folders_of_other_names_are_not_touched(tmp_path, name):
    (tmp_path / name).mkdir()
    sweep(tmp_path)
    assert (tmp_path / name).exists()


def test_what_a_link_points_at_is_not_touched(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "llmops-sandbox-abcdefgh").symlink_to(tmp_path / "kept")
    sweep(tmp_path)
    assert (tmp_path / "kept" / "file").exists()


def test_a_folder_that_was_never_held_is_removed_when_it_is_old(tmp_path):
    making = tmp_path / ".llmops-abcdefgh"
    making.mkdir()
    sweep(tmp_path)
    assert making.exists()
    hour = time.time() - 3600
    os.utime(making, (hour, hour))
    sweep(tmp_path)
    assert not making.exists()
