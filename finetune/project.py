"""Where things are: the folders of a project, and the base model that an adapter stands on.

A project is the folder with `models.toml` and `cases/suites.toml`; work goes to
`finetune-runs/NAME`, which nothing else reads and which may be deleted at any time.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
from tokenizers import Tokenizer

from pytest_llmops.client.tokenizer import tokenizer_sha256
from pytest_llmops.engine.folders import files_sha256
from pytest_llmops.engine.folders import resolve as find_folder
from pytest_llmops.engine.weights import embedded_folder
from pytest_llmops.local_models import LocalModel
from pytest_llmops.models import load_models, resolve

from .errors import FinetuneError


class Project(msgspec.Struct, frozen=True):
    """A folder with models and suites."""

    root: Path

    @property
    def models_file(self) -> Path:
        """Names the models."""
        return self.root / "models.toml"

    @property
    def suites_file(self) -> Path:
        """Names the suites."""
        return self.root / "cases" / "suites.toml"

    @property
    def runs(self) -> Path:
        """Where benchmark sessions record."""
        return self.root / "runs"

    @property
    def adapters(self) -> Path:
        """Where registered adapters are."""
        return self.root / "adapters"

    def work(self, name: str) -> Path:
        """The folder of work of an adapter."""
        return self.root / "finetune-runs" / name


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """A local model of `models.toml`."""

    model: LocalModel
    folder: Path
    """Holds safetensors weights, `config.json` and `tokenizer.json`."""

    def counter(self) -> Callable[[str], int]:
        """Give a function that counts the tokens of a completion and the one that ends it.

        Raises:
            FinetuneError: The base has no `tokenizer.json`, or it cannot be read.
        """
        path = self.folder / "tokenizer.json"
        if not path.is_file():
            raise FinetuneError(f"{path}: no such file; save the base's tokenizer in this form")
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # noqa: BLE001 - the library raises nothing narrower
            raise FinetuneError(f"{path}: not a tokenizer: {error}") from None
        return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids) + 1

    @property
    def public_spec(self) -> str:
        """The spec in models.toml; of a folder its name alone, whose place says nothing."""
        spec = self.model.weights
        return spec if ":" in spec else self.folder.name

    def tokenizer_sha256(self) -> str:
        """The digest that runs name the tokenizer by: vocabulary, rules and chat template.

        Raises:
            FinetuneError: The tokenizer cannot be loaded.
        """
        from transformers import AutoTokenizer  # noqa: PLC0415 - takes seconds to import

        try:
            return tokenizer_sha256(
                AutoTokenizer.from_pretrained(self.folder, trust_remote_code=False)
            )
        except (OSError, ValueError) as error:
            raise FinetuneError(f"{self.folder}: its tokenizer cannot be loaded: {error}") from None

    def weights_sha256(self) -> str:
        """The digest that runs and adapters name the base by.

        Raises:
            FinetuneError: There are no safetensors weights.
        """
        files = sorted(self.folder.glob("*.safetensors"))
        if not files:
            raise FinetuneError(f"{self.folder}: no *.safetensors; other weights are not loaded")
        return files_sha256(files)


def find_base(project: Project, name: str) -> Base:
    """Find the model to train on, fetching its weights first where they are not here yet.

    Raises:
        ModelError: It is not in models.toml, or its weights cannot be had.
        FinetuneError: It is no local model, or has no name of its own.
    """
    model, _ = resolve(name, project.models_file)
    if name not in load_models(project.models_file):
        raise FinetuneError(
            f"{project.models_file}: base = {name!r} is no name there, and an adapter's entry names"
            f' its base; add one, such as: [base-of-mine] weights = "{name}"'
        )
    if not isinstance(model, LocalModel):
        raise FinetuneError(
            f"{project.models_file}: [{name}] is no local model ('weights'); an adapter is trained "
            "on one"
        )
    return Base(model=model, folder=_folder(model.weights))


def _folder(spec: str) -> Path:
    kind, _, name = spec.partition(":")
    if kind == "embedded" and name:
        return embedded_folder(name)
    return find_folder(spec)
