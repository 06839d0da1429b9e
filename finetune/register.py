"""A trained adapter made usable: checked, put in its place with a card, and named.

What is registered is data alone: LoRA weights as safetensors, their configuration, and texts. The
digests of the base and of its tokenizer go with it (`base.json`), so that an engine with another
base refuses it. The folder appears by one rename, before `models.toml` names it.
"""

import hashlib
import tempfile
from pathlib import Path

import msgspec
from safetensors import SafetensorError, safe_open

from .card import Facts, History, Saving, card
from .entries import find_conflict, write_entry
from .errors import FinetuneError
from .project import Base
from .settings import Settings
from .stored import NOTES, Notes

CONFIG, WEIGHTS, BASE = "adapter_config.json", "adapter_model.safetensors", "base.json"
HISTORY, CARD = "training.json", "README.md"

_PICKLES = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz"})
_CODE = frozenset({".py", ".so", ".sh", ".pyc"})


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an adapter is registered."""

    models_file: Path
    adapters: Path
    """Folder of adapters."""
    replace: bool = False
    """Overwrite an entry of another model under the name."""

    def entry(self, settings: Settings) -> dict[str, str]:
        """What models.toml says of an adapter here."""
        folder = self.adapters / settings.name
        near = folder.is_relative_to(self.models_file.parent)
        path = folder.relative_to(self.models_file.parent) if near else folder
        return {"base": settings.base, "adapter": path.as_posix()}

    def check(self, settings: Settings) -> None:
        """Refuse a name that another model has.

        Raises:
            FinetuneError: It is taken, and is not to be replaced.
        """
        entry = self.entry(settings)
        if not self.replace and (other := find_conflict(self.models_file, settings.name, entry)):
            raise FinetuneError(
                f"{self.models_file}: [{settings.name}] is there and says {other}; choose another "
                "--name, or give --replace"
            )


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter that `--model=NAME` finds."""

    folder: Path
    adapter_sha256: str
    """As the identity of a run has it."""
    changed: bool
    """Whether anything had to be written."""


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter as training left it."""

    folder: Path
    settings: Settings
    data: Notes
    """What it was trained on."""
    saving: Saving | None = None
    """What it does, where that has been measured."""


def register(trained: Trained, base: Base, place: Place) -> Registered:
    """Put a trained adapter in its place; nothing is written where everything is there already.

    Raises:
        FinetuneError: The folder is not a safe and whole adapter, or the name is taken.
    """
    adapter, settings = trained.folder, trained.settings
    check_adapter(adapter)
    place.check(settings)
    entry = place.entry(settings)
    weights, tokenizer = base.weights_sha256(), base.tokenizer_sha256()
    facts = Facts(
        settings=settings,
        base_spec=base.public_spec,
        base_sha256=weights,
        tokenizer_sha256=tokenizer,
        adapter_sha256=files_sha256(adapter / CONFIG, adapter / WEIGHTS),
        data=trained.data,
        history=read_history(adapter),
        saving=trained.saving,
    )
    pins = {"sha256": weights, "tokenizer_sha256": tokenizer}
    texts = {
        BASE: msgspec.json.format(msgspec.json.encode(pins), indent=2) + b"\n",
        CARD: card(facts).encode(),
        NOTES: msgspec.json.format(msgspec.json.encode(trained.data), indent=2) + b"\n",
        **{name: (adapter / name).read_bytes() for name in (CONFIG, WEIGHTS, HISTORY)},
    }
    folder = place.adapters / settings.name
    placed = _place(texts, folder)
    named = write_entry(place.models_file, settings.name, entry, replace=place.replace)
    return Registered(folder=folder, adapter_sha256=facts.adapter_sha256, changed=placed or named)


def check_adapter(folder: Path) -> None:
    """Prove that a folder holds an adapter and nothing that could run.

    Raises:
        FinetuneError: A file is missing, is a pickle or code, or is not what its name says.
    """
    for name in (CONFIG, WEIGHTS, HISTORY):
        if not (folder / name).is_file():
            raise FinetuneError(f"{folder}: no {name}; train the adapter first")
    for path in sorted(folder.rglob("*")):
        if path.suffix in _PICKLES | _CODE:
            raise FinetuneError(
                f"{path}: pickles and code are never registered; an adapter is safetensors and JSON"
            )
    try:
        with safe_open(folder / WEIGHTS, framework="numpy") as weights:
            names = [*weights.keys()]
    except (SafetensorError, OSError) as error:
        raise FinetuneError(f"{folder / WEIGHTS}: not safetensors: {error}") from None
    other = [name for name in names if ".lora_A." not in name and ".lora_B." not in name]
    if other or not names:
        found = f"{other[0]!r}" if other else "nothing"
        raise FinetuneError(f"{folder / WEIGHTS}: holds {found}; only LoRA weights are registered")


def read_history(folder: Path) -> History:
    """Read how training went.

    Raises:
        FinetuneError: `training.json` is not what training writes.
    """
    path = folder / HISTORY
    try:
        return msgspec.json.decode(path.read_bytes(), type=History)
    except (OSError, msgspec.DecodeError) as error:
        raise FinetuneError(f"{path}: cannot be read: {error}") from None


def files_sha256(*paths: Path) -> str:
    """One digest over names and contents, as the engine makes it of an adapter."""
    digest = hashlib.sha256()
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.name}:{content}\n".encode())
    return digest.hexdigest()


def _place(texts: dict[str, bytes], folder: Path) -> bool:
    """Make the folder hold exactly these files; False where it does already."""
    there = {path.name: path.read_bytes() for path in folder.glob("*") if path.is_file()}
    if there == texts:
        return False
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=folder.parent) as making:
            made = Path(making) / "new"
            made.mkdir()
            for name, text in texts.items():
                (made / name).write_bytes(text)
            if folder.exists():
                folder.rename(Path(making) / "old")
            made.rename(folder)
    except OSError as error:
        raise FinetuneError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return True
