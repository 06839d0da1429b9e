import tomllib
from pathlib import Path

import msgspec
import pytest

from finetune.errors import FinetuneError
from finetune.settings import Collect, Data, Settings, Study, Train, load_settings, override

ROOT = Path(__file__).parents[2]


def write(tmp_path, text):
    path = tmp_path / "finetune.toml"
    path.write_text(text)
    return path


def test_without_a_file_there_are_the_defaults():
    settings = load_settings(None)
    assert settings == Settings()
    assert (settings.name, settings.base, settings.collect.suites) == (
        "lora-v1",
        "base",
        ("starter",),
    )
    assert (settings.collect.samples, settings.collect.temperature) == (8, 0.8)
    assert settings.train.method == "preference"


def test_the_file_of_the_project_spells_out_the_defaults():
    path = ROOT / "finetune.toml"
    assert load_settings(path) == Settings()
    tables = tomllib.loads(path.read_text("utf-8"))
    for name, kind in (("collect", Collect), ("data", Data), ("train", Train), ("study", Study)):
        assert set(tables[name]) == set(kind.__struct_fields__), name
    assert set(tables) == set(Settings.__struct_fields__)


def test_what_a_file_leaves_out_stays_as_it_is(tmp_path):
    settings = load_settings(write(tmp_path, '[train]\nepochs = 1.5\n[data]\nselect = "random"\n'))
    assert settings.train == Train(epochs=1.5)
    assert settings.data == Data(select="random")
    assert settings.collect == Collect()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[train]\nepoch = 3\n", "'train.epoch' is no known key"),
        ("trian = 1\n", "'trian' is no known key (known: name, base, "),
        ('[train]\nmethod = "rl"\n', "train.method"),
        ("[train]\nrank = 0\n", "train.rank"),
        ('[train]\nrank = "16"\n', "train.rank"),
        ("[train]\nvalidation_share = 1.0\n", "train.validation_share"),
        ("[train]\nlearning_rate = 0.0\n", "train.learning_rate"),
        ("[collect]\ntemperature = -1\n", "collect.temperature"),
        ('[data]\nselect = "best"\n', "data.select"),
        ("seed = -1\n", "seed"),
        ('name = "../../etc"\n', "name"),
        ('name = ""\n', "name"),
        ('name = ".hidden"\n', "name"),
        ("name = [\n", "not TOML"),
    ],
)
def test_a_wrong_setting_is_an_error_that_names_file_and_setting(tmp_path, text, said):
    path = write(tmp_path, text)
    with pytest.raises(FinetuneError) as caught:
        load_settings(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FinetuneError, match="cannot be read"):
        load_settings(tmp_path / "none.toml")


def test_bytes_that_are_no_text_are_an_error(tmp_path):
    path = tmp_path / "finetune.toml"
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(FinetuneError, match="not TOML"):
        load_settings(path)


class TestOverrides:
    def test_nothing_given_changes_nothing(self):
        assert override(Settings()) == Settings()

    def test_name_and_method(self):
        settings = override(Settings(), name="short", method="sft-shortest")
        assert (settings.name, settings.train.method) == ("short", "sft-shortest")

    def test_a_seed_is_that_of_data_and_training(self):
        settings = override(Settings(), seed=7)
        assert (settings.seed, settings.train.seed) == (7, 7)

    def test_zero_is_a_seed(self):
        assert override(Settings(seed=5), seed=0).seed == 0

    @pytest.mark.parametrize(
        "changed", [{"name": "a/b"}, {"name": ".."}, {"method": "sft"}, {"seed": -1}]
    )
    def test_what_does_not_fit_is_refused(self, changed):
        with pytest.raises(FinetuneError, match="command line"):
            override(Settings(), **changed)


def test_settings_are_values():
    assert msgspec.convert(msgspec.to_builtins(Settings()), Settings) == Settings()
    with pytest.raises(AttributeError):
        Settings().name = "other"


def test_passes_over_pairs_are_counted_for_themselves():
    assert Train(pair_epochs=3.0).passes == 3.0
    assert Train(method="sft-shortest", epochs=1.5, pair_epochs=3.0).passes == 1.5
