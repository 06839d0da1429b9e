"""The files of a Python package's source distribution: fetched once, and proved by its hash.

The file is found in the package index by its hash, so that the index decides nothing else. Nothing
of it is run: it is unpacked and not built.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import urllib.error
import urllib.request
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin

from pytest_llmops.cases import Suite
from pytest_llmops.errors import SourceError
from pytest_llmops.tasks.trees.locks import variable_of

INDEXES = ("UV_DEFAULT_INDEX", "PIP_INDEX_URL")
"""Variables of uv and pip that name the package index; the first that is set counts."""
ACCEPTED = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
PATIENCE = 60.0
"""Seconds in which a server has to say something."""
LARGEST = 64 * 2**20
"""Bytes of a distribution, packed or unpacked."""


def unpack(suite: Suite, origin: str, folder: Path) -> None:
    """Fill `folder` with the files of a suite's distribution.

    Args:
        suite: The suite.
        origin: Path or URL of the file; "" for the package index.
        folder: An empty one.

    Raises:
        SourceError: The file cannot be had, is another one, or is no source distribution.
    """
    try:
        data = _read(origin or _found(suite))
    except (OSError, ValueError) as error:
        raise SourceError(
            f"suite {suite.name!r}: cannot fetch {suite.sdist}: {error}; name the file by --source "
            f"or {variable_of(suite, 'REPO')}"
        ) from None
    found = hashlib.sha256(data).hexdigest()
    if found != suite.sha256:
        raise SourceError(
            f"suite {suite.name!r}: {origin or suite.sdist}: SHA-256 is {found}, not the pinned "
            f"{suite.sha256}; nothing of it was used"
        )
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            _write(archive, folder)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise SourceError(f"suite {suite.name!r}: {suite.sdist}: not unpacked: {error}") from None


def _write(archive: tarfile.TarFile, folder: Path) -> None:
    """Write plain files alone, without the folder that all of them are in."""
    size = 0
    for member in archive:
        inside = PurePosixPath(*PurePosixPath(member.name).parts[1:])
        if not member.isreg() or not inside.parts:
            continue
        if ".." in inside.parts or member.name.startswith("/"):
            raise ValueError(f"{member.name} leaves its folder")
        size += member.size
        if size > LARGEST:
            raise ValueError(f"more than {LARGEST // 2**20} MiB")
        content = archive.extractfile(member)
        assert content is not None
        place = folder / inside
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.read())


def _found(suite: Suite) -> str:
    """The URL of the file with the pinned hash, from the package index."""
    index = next(filter(None, map(os.environ.get, INDEXES)), None)
    if index is None:
        raise ValueError(f"neither {' nor '.join(INDEXES)} names a package index")
    name = re.sub(r"[-_.]+", "-", suite.sdist.partition("==")[0]).lower()
    page = f"{index.rstrip('/')}/{name}/"
    told = _read(page, accept=ACCEPTED).decode("utf-8", "replace")
    urls = _of_json(json.loads(told)) if told.lstrip().startswith("{") else _of_page(told)
    if suite.sha256 not in urls:
        raise ValueError(f"the package index has no file of {name} with SHA-256 {suite.sha256}")
    return urljoin(page, urls[suite.sha256])


def _of_json(page: dict[str, Any]) -> dict[str, str]:
    return {str(one["hashes"].get("sha256")): str(one["url"]) for one in page.get("files", [])}


def _of_page(page: str) -> dict[str, str]:
    found = re.findall(r'href="([^"#]+)#sha256=([0-9a-f]{64})"', page)
    return {digest: url for url, digest in found}


def _read(origin: str, *, accept: str = "*/*") -> bytes:
    if not origin.startswith(("http://", "https://")):
        path = Path(origin).expanduser()
        if path.stat().st_size > LARGEST:
            raise ValueError(f"more than {LARGEST // 2**20} MiB")
        return path.read_bytes()
    request = urllib.request.Request(origin, headers={"Accept": accept})  # noqa: S310 - as checked
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            data: bytes = answer.read(LARGEST + 1)
    except urllib.error.URLError as error:
        raise OSError(f"the server says: {error.reason}") from None
    if len(data) > LARGEST:
        raise ValueError(f"more than {LARGEST // 2**20} MiB")
    return data
