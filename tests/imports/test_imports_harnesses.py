"""What logs of every harness have in common: they are gated, written and refused alike."""

import json
import shutil
from pathlib import Path

import pytest
from harness_pairs import CASES, MINI, PAIRS, PROMPTFOO, imported, read

from pytest_llmops.cli.main import main
from pytest_llmops.errors import RecordError
from pytest_llmops.imports.assembly import Asked
from pytest_llmops.imports.logs import HARNESSES, harness_of, read_log
from pytest_llmops.runs.reading import read_run
from pytest_llmops.sinks.run_scores import figures


class TestEveryHarness:
    @pytest.fixture(autouse=True)
    def elsewhere(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

    @pytest.mark.parametrize(
        ("harness", "told", "left_out"),
        [
            ("promptfoo", "priced tokens 53.1 62.4 1.174", "tokenizers of openai:chat:m and"),
            ("lm-eval", "solve rate 66.7% 66.7%", "truncation left out: lm-eval 0.4.13 does not"),
            ("deepeval", "solve rate 66.7% 62.5%", "output tokens left out: the baseline does not"),
            ("mini-swe-agent", "dollars $0.0629 $0.0814 1.293", "solve rate left out: mini-swe-ag"),
        ],
    )
    def test_logs_are_gated_and_reported_from_their_own_files(
        self, harness, told, left_out, capsys
    ):
        baseline, candidate = map(str, PAIRS[harness])
        assert main(["gate", baseline, candidate, "--max-tokens-ratio=1.05"]) in {0, 1, 6}
        out = " ".join(capsys.readouterr().out.split())
        assert told in out
        assert left_out in out
        assert "crashed" not in out
        assert main(["report", baseline, candidate, "--format=markdown"]) == 0
        assert left_out.split(":")[0] in capsys.readouterr().out

    @pytest.mark.parametrize("harness", PAIRS)
    def test_what_is_written_is_what_was_read(self, harness, capsys):
        path, _ = PAIRS[harness]
        assert harness_of(path) == harness
        assert main(["import", harness, str(path)]) == 0
        (written,) = Path("runs").glob("*/records.jsonl")
        assert "24 attempts" in capsys.readouterr().out
        found, kept = read_run(written), imported(path)
        assert (found.run, found.records, found.end) == (kept.run, kept.records, kept.end)
        assert main(["import", harness, str(path)]) == 0
        assert "was imported before" in capsys.readouterr().out

    @pytest.mark.parametrize("harness", PAIRS)
    def test_cases_are_alike_by_a_key_of_their_metadata(self, harness):
        key = "repository" if harness == "mini-swe-agent" else "file"
        path, _ = PAIRS[harness]
        clusters = {one.cluster for one in imported(path, cluster_by=key).records}
        assert len(clusters) == (1 if harness == "mini-swe-agent" else CASES // 2)
        with pytest.raises(RecordError, match="no metadata 'speed' for --cluster-by .there: "):
            imported(path, cluster_by="speed")

    @pytest.mark.parametrize("harness", PAIRS)
    def test_what_is_missing_is_never_shown_as_zero(self, harness, capsys):
        baseline = str(PAIRS[harness][0])
        assert main(["import", harness, baseline]) == 0
        capsys.readouterr()
        assert main(["show", "latest"]) == 0
        told = capsys.readouterr().out
        silent = harness in {"lm-eval", "deepeval"}
        assert (f"tokens: not told by {harness}" in told) == silent
        found = figures(imported(PAIRS[harness][0]).records)
        assert ("output_tokens" in found, "truncated" in found) == (not silent, not silent)
        assert ("cost_of_pass" in found) == (harness == "promptfoo")

    @pytest.mark.parametrize("harness", PAIRS)
    def test_imported_runs_are_blessed_and_gated_by_name(self, harness, capsys):
        baseline, candidate = map(str, PAIRS[harness])
        assert main(["import", harness, baseline]) == 0
        assert main(["bless", "latest", "--name=before"]) == 0
        told = capsys.readouterr().out
        assert ("no output tokens" in told) == (harness in {"lm-eval", "deepeval"})
        assert ("none known to be solved" in told) == (harness == "mini-swe-agent")
        margin = "--max-tokens-ratio=1.05"
        by_name = main(["gate", "before", candidate, margin])
        assert by_name == main(["gate", baseline, candidate, margin])

    def test_another_reading_of_a_log_is_not_taken_for_the_same(self, capsys):
        path = str(PROMPTFOO / "base.json")
        assert main(["import", "promptfoo", path]) == 0
        assert main(["import", "promptfoo", path, "--cluster-by=file"]) == 2
        assert "was imported before and read otherwise, with other" in capsys.readouterr().err

    def test_options_that_a_log_has_nothing_for_are_refused(self):
        for name, options in {
            "mini-swe-agent": {"scorer": "x"},
            "promptfoo": {"scores": Path("x")},
            "lm-eval": {"model": "m"},
        }.items():
            (field,) = options
            with pytest.raises(RecordError, match=f"--{field}: logs of {name} have nothing for it"):
                read_log(PAIRS[name][0], name, Asked(**options))

    def test_a_run_of_which_nothing_is_told_is_not_judged(self, tmp_path, capsys):
        for name, model in (("one", "a"), ("other", "b")):
            folder = Path(shutil.copytree(MINI / "base", tmp_path / name))
            for file in folder.glob("*/*.traj.json"):
                document = read(file)
                document["info"]["model_stats"]["instance_cost"] = 0.0
                document["info"]["config"]["model"]["model_name"] = model
                for message in document["messages"]:
                    message.get("extra", {}).pop("response", None)
                file.write_text(json.dumps(document))
        chosen = ["gate", "one", "other"]
        assert main(chosen) in {0, 6}
        told = " ".join(capsys.readouterr().out.split())
        assert "truncation" in told.split("tokens ratio")[0]
        assert main([*chosen, "--metrics=solve-rate"]) == 2
        assert "does not say which answers are right" in capsys.readouterr().err

    @pytest.mark.parametrize("harness", HARNESSES)
    @pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null", '{"results": 3}', "\0\xff"])
    def test_no_broken_file_is_more_than_one_clear_line(self, harness, content, tmp_path):
        path = tmp_path / "log.json"
        path.write_text(content, "latin-1")
        folder = tmp_path / "folder"
        folder.mkdir()
        for place in (path, folder):
            with pytest.raises(RecordError) as caught:
                read_log(place, harness)
            assert str(place) in str(caught.value)
            assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("harness", PAIRS)
    def test_no_truncated_file_is_read(self, harness, tmp_path):
        source, _ = PAIRS[harness]
        target = tmp_path / source.name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        file = target if target.is_file() else min(target.rglob("*.json*"))
        whole = file.read_bytes()
        for share in (0, 0.1, 0.5, 0.9, 0.999):
            file.write_bytes(whole[: int(share * len(whole))])
            with pytest.raises(RecordError):
                read_log(target, harness)
