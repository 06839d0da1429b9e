"""Folders as they travel: whole, as an archive, or file by file, where many have most in common.

On a node they lie in the user's cache, whole archives and trees of files alike under the digest of
what is in them. Trees that came file by file are links to one store there, as on the machine that
they come from (`tasks.trees.history`).
"""

import io
import os
import tarfile
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from pathlib import Path

import msgspec

from pytest_llmops.caches import appear_whole, user_cache

_listings = msgspec.msgpack.Decoder(dict[str, str])


def trees() -> Path:
    """Where the folders are on a node."""
    return user_cache() / "trees"


def digest_of(content: bytes) -> str:
    """What a folder or a file is named by, 32 hex digits."""
    return sha256(content).hexdigest()[:32]


def packed(root: Path, *, endings: frozenset[str] = frozenset()) -> bytes:
    """A folder as an archive, the same bytes for the same files.

    Args:
        root: The folder.
        endings: Of the files that are in it; none for all files.
    """
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w") as archive:
        for path in sorted(root.rglob("*")):
            if endings and path.suffix not in endings and not path.is_dir():
                continue
            info = archive.gettarinfo(path, str(path.relative_to(root)))
            info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
            info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
            if info.isreg():
                with path.open("rb") as content:
                    archive.addfile(info, content)
            else:
                archive.addfile(info)
    return into.getvalue()


def unpacked(digest: str, fetch: Callable[[], bytes]) -> Path:
    """The folder of a source tree on this node; unpacked by the first that asks."""

    def fill(part: Path) -> None:
        with tarfile.open(fileobj=io.BytesIO(fetch())) as archive:
            archive.extractall(part, filter="data")

    target = trees() / digest
    appear_whole(target, fill)
    return target


def listed(root: Path) -> bytes:
    """The files of a folder by their digests, the same bytes for the same files; no links."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    return msgspec.msgpack.encode(
        {path.relative_to(root).as_posix(): digest_of(path.read_bytes()) for path in files}
    )


def texts_of(root: Path, listing: bytes, wanted: Collection[str]) -> dict[str, bytes]:
    """The contents of files of a listing, by digest."""
    by_digest = {digest: path for path, digest in _listings.decode(listing).items()}
    return {digest: (root / by_digest[digest]).read_bytes() for digest in wanted}


def laid_out(listing: bytes, texts: Mapping[str, bytes]) -> list[str]:
    """Make the folder of a listing on this node.

    Args:
        listing: See `listed`; the folder has its digest for a name.
        texts: Contents of files that were not here before.

    Returns:
        Digests of the files that are not here yet; none where the folder is there.
    """
    target = trees() / digest_of(listing)
    files = _listings.decode(listing)
    for digest, content in texts.items():
        _keep(digest, content)
    if target.is_dir():
        return []
    if missing := [one for one in dict.fromkeys(files.values()) if not _kept(one).is_file()]:
        return missing

    def fill(part: Path) -> None:
        for path, digest in files.items():
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            (part / path).hardlink_to(_kept(digest))

    appear_whole(target, fill)
    return []


def _kept(digest: str) -> Path:
    return user_cache() / "files" / digest[:2] / digest[2:]


def _keep(digest: str, content: bytes) -> None:
    """Put a file into the store; under its name it is whole."""
    place = _kept(digest)
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{os.getpid()}.{os.urandom(4).hex()}")
    part.write_bytes(content)
    part.chmod(0o644)
    part.rename(place)
