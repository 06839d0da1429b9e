"""What jobs need on a node, as the driver has it: digests, and where the folders are by then."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from pytest_llmops.places.remote import Archives, Needs
from pytest_llmops.places.travel import digest_of, listed, packed
from pytest_llmops.sandbox.node.installation import installed
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.trees.locks import Lock as PackagesLock
from pytest_llmops.tasks.trees.locks import PackageLock
from pytest_llmops.tasks.trees.own_lock import OwnLock

CODE = frozenset({".js", ".cjs", ".mjs", ".json"})
"""Files of npm packages that can be loaded."""
LISTINGS = 32
"""Listings of trees that are kept in memory."""


class Baggage:
    """Packs source trees and packages, each once; safe for any thread."""

    def __init__(self, put: Callable[[bytes], Any]) -> None:
        """Prepare; `put` puts something into the object store and says where it is there."""
        self._put = put
        self._packing = Lock()
        self._folders: dict[Path, tuple[str, Any]] = {}
        self._known: dict[tuple[Path, PackagesLock | None], tuple[Needs, Archives]] = {}
        self.listing = lru_cache(LISTINGS)(listed)
        """The listing of a tree, see `travel.listed`; trees of one folder never change."""

    def needs(self, tree: SourceTree, root: Path) -> tuple[Needs, Archives]:
        """What jobs in a tree need, and where it is; a listed tree is nowhere yet.

        Args:
            tree: The tree, or the shelf that it is one of.
            root: Its folder.
        """
        with self._packing:
            known = root, tree.lock
            if known not in self._known:
                self._known[known] = self._needs(tree, root)
            return self._known[known]

    def _needs(self, tree: SourceTree, root: Path) -> tuple[Needs, Archives]:
        archives: dict[str, list[Any]] = {}
        packages = ""
        if isinstance(tree.lock, PackageLock):
            packages = self._archive(archives, installed(tree.lock).folder, CODE)
        is_listed = tree.within is not None
        found = digest_of(self.listing(root)) if is_listed else self._archive(archives, root)
        return Needs(
            language=tree.language,
            tree=found,
            packages=packages,
            is_listed=is_listed,
            lock=tree.lock.name if isinstance(tree.lock, OwnLock) else "",
        ), archives

    def _archive(
        self, archives: dict[str, list[Any]], folder: Path, endings: frozenset[str] = frozenset()
    ) -> str:
        if folder not in self._folders:
            archive = packed(folder, endings=endings)
            self._folders[folder] = digest_of(archive), self._put(archive)
        digest, at = self._folders[folder]
        archives[digest] = [at]
        return digest
