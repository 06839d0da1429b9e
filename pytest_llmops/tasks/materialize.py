"""A case with its texts: the metadata of a manifest joined to the source tree it speaks of.

Every file is verified against its digest, so what is measured is what was mined, and a case whose
source changed is an error of the harness, never a wrong answer. Files are read and parsed once a
tree: ten thousand cases in a few files cost what a few files cost.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from pytest_llmops.cases import Case, FileHash
from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import Declaration, Module, find
from pytest_llmops.tasks.sources import SourceTree


@dataclass(frozen=True)
class Task:
    """A case that can be put to a model and graded."""

    case: Case
    module: Module
    """The source file as it is in the tree, reference body included."""
    declaration: Declaration
    """Where the body to write is."""
    tree: SourceTree

    @property
    def reference(self) -> str:
        """The body of the reference solution, braces included."""
        return self.module.body(self.declaration)


def materialize(case: Case, tree: SourceTree) -> Task:
    """Read and verify everything a case needs.

    Raises:
        CaseError: A file is missing or has another digest, the symbol is not in the file, or its
            body is not the one that was mined, or the npm packages are not; or a change is asked
            for.
    """
    if case.change:
        raise CaseError(f"{case.id}: asks for a change; this works with functions alone")
    require_packages(case, tree)
    module = _module(tree, case.source, _state(tree, case.source))
    for test in case.tests:
        _verify(tree, test, _state(tree, test))
    declaration = find(module, case.symbol)
    found = body_sha256(module, declaration)
    if found != case.body_sha256:
        raise CaseError(
            f"{case.id}: the body of {case.symbol!r} in {case.source.path} has SHA-256 {found}, "
            f"the manifest says {case.body_sha256}; mine the case again"
        )
    return Task(case, module, declaration, tree)


def require_packages(case: Case, tree: SourceTree) -> None:
    """See that a case was mined with the npm packages that the suite has now.

    Raises:
        CaseError: It was not.
    """
    if not case.packages or (tree.lock and tree.lock.digest == case.packages):
        return
    found = f"{tree.lock.path} has {tree.lock.digest}" if tree.lock else "its suite names none"
    raise CaseError(
        f"{case.id}: its tests load npm packages of the lock file {case.packages}, {found}; "
        "mine the suite again with `llmops mine functions`"
    )


def body_sha256(module: Module, declaration: Declaration) -> str:
    """Return the hex digest of a body's bytes, braces included, as manifests hold it."""
    body = module.source[declaration.body_start : declaration.body_end]
    return hashlib.sha256(body).hexdigest()


State = tuple[int, int]
"""When a file was changed last, and its size: by these the caches see that it is another."""


def _state(tree: SourceTree, file: FileHash) -> State:
    try:
        found = (tree.root / file.path).stat()
    except OSError:
        return 0, 0  # said when it is read
    return found.st_mtime_ns, found.st_size


# The caches hold errors of no file: what raised is read again, so a repaired tree is seen.
@lru_cache(maxsize=1024)
def _module(tree: SourceTree, file: FileHash, state: State) -> Module:
    del state
    return parse_module(tree.verify(file), file.path)


@lru_cache(maxsize=4096)
def _verify(tree: SourceTree, file: FileHash, state: State) -> None:
    del state
    tree.verify(file)
