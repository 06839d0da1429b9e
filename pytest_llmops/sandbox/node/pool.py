"""TypeScript tests judged in the cage, by vitest's runtime on Node."""

from pathlib import Path

from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.sandbox.job import TestJob, Transformed
from pytest_llmops.sandbox.node.installation import Installation
from pytest_llmops.sandbox.node.packed import Packed
from pytest_llmops.sandbox.node.program import PACKAGES, NodeProgram
from pytest_llmops.sandbox.node.transformer import Transformer
from pytest_llmops.sandbox.pool import Pool, Runtime


class NodePreparer:
    """A `pool.Preparer`: compiles a job, and has the packages that it needs where Node looks."""

    def __init__(self, node: Path, root: Path, packages: Installation | None) -> None:
        self._transformer = Transformer(node, root, packages.folder if packages else None)
        self._packed = Packed(node, packages) if packages else None
        self.stored = self._packed.folder if self._packed else None
        """Folder of compiled packages."""
        self._seen = str(self.stored or "")

    def transform(self, job: TestJob, root: Path) -> Transformed:
        """Parse and resolve everything a job needs; see `Transformer.transform`."""
        code = self._transformer.transform(job, root, self._seen)
        if self._packed and code.status == "ready" and not job.survey:
            self._packed.ensure(code.needs)
        return code

    def confine(self, bwrap: Path) -> None:
        """From now on compile in namespaces, for a process that is in some."""
        self._transformer.confine(bwrap)
        if self._packed:
            self._packed.confine(bwrap)
            self._seen = PACKAGES

    def abandon(self) -> None:
        """Kill the compiler under the hands of who waits for it; from any thread."""
        self._transformer.abandon()

    def close(self) -> None:
        """End the processes."""
        self._transformer.close()
        if self._packed:
            self._packed.close()


class NodePool(Pool):
    """Judges TypeScript with vitest's runtime on Node; see `Pool`.

    Args:
        root: Folder of the source tree.
        size: Jobs judged at the same time.
        isolation: "bwrap", or "process" for everything but namespaces.
        many: It is a folder of trees, each of which is judged by itself.
        packages: The npm packages that files of the tree may import.
    """

    def __init__(
        self,
        root: Path,
        *,
        size: int = 1,
        isolation: Isolation = "bwrap",
        many: bool = False,
        packages: Installation | None = None,
    ) -> None:
        node = find_node()
        preparer = NodePreparer(node, root.resolve(), packages)
        runtime = Runtime(NodeProgram(node, preparer.stored), preparer)
        super().__init__(root, runtime, size=size, isolation=isolation, many=many)
