"""What a candidate can see and touch of the machine it runs on, and what it leaves behind."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import psutil
import pytest

from pytest_llmops.sandbox import NodePool, TestJob, TestReport

TESTS = """
import { expect, it } from "vitest";
import { value } from "../src/target";
it("is one", async () => expect(await value()).toBe(1));
"""
# An answer may import what its own file imports.
IMPORTS = "".join(f'import "node:{name}";\n' for name in ("dgram", "fs", "net", "os", "path"))
HONEST = f"{IMPORTS}export const value = (): number => 1;"
MARK = "sk-a-secret-of-the-user"
KNOWN = {
    "BASE_URL", "DEV", "HOME", "LANG", "MODE", "NODE_ENV", "PATH", "PROD", "PWD", "SSR", "TEST",
    "TMPDIR", "TZ", "VITEST", "VITEST_MODE", "VITEST_POOL_ID", "VITEST_WORKER_ID",
}  # fmt: skip
"""All names of the environment; the value of none is the user's."""


@pytest.fixture(scope="module")
def root(root):
    (root / "secret.txt").write_text(MARK)
    return root


def attempt(pool: NodePool, root: Path, code: str, timeout: float = 10) -> TestReport:
    overlay = {"src/target.ts": code}
    return pool.run(
        TestJob(root=root, tests=("tests/target.test.ts",), overlay=overlay, timeout=timeout)
    )


def told(pool: NodePool, root: Path, body: str) -> str:
    """What a candidate finds out, told by the message of its failing test."""
    code = f"""
        import fs from "node:fs"; import net from "node:net"; import os from "node:os";
        import dgram from "node:dgram"; import path from "node:path";
        void [fs, net, os, dgram, path];
        export const value = async (): Promise<any> => {{
          const found: any[] = [];
          const look = async (f: () => any) => {{
            try {{ found.push(await f()); }} catch (error: any) {{ found.push("refused " + error.code); }}
          }};
          {body}
          throw new Error(JSON.stringify(found));
        }};
    """
    report = attempt(pool, root, code)
    assert report.status == "finished", report.detail
    return report.results[0].message


def tree_of(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_secrets_of_the_environment_are_not_there(pool, root):
    message = told(pool, root, "await look(() => process.env);")
    (found,) = json.loads(message.removeprefix("Error: "))
    assert MARK not in message
    assert (found["NODE_ENV"], found["PATH"]) == ("test", "/usr/bin:/bin")
    assert {*found} == KNOWN
    assert found["PWD"] == found["HOME"]


def test_files_outside_cannot_be_read(pool, root):
    paths = [
        str(root / "secret.txt"), "/etc/passwd", "/etc/hostname", str(Path.home()), sys.executable,
        "/proc/self/environ", "/proc/1/environ", f"/proc/{os.getpid()}/environ", "/proc/self/maps",
        "../../../../etc/passwd", "/tmp/../etc/passwd", "/proc/self/root/etc/passwd",
    ]  # fmt: skip
    body = "".join(
        f"await look(() => fs.readFileSync({path!r}, 'utf8')); await look(() => fs.readdirSync({path!r}));"
        for path in paths
    )
    message = told(pool, root, body)
    assert message.count("refused") == 2 * len(paths)
    assert MARK not in message


def test_a_link_does_not_lead_out(pool, root):
    body = f"""
        const link = path.join(os.tmpdir(), "link");
        await look(() => fs.symlinkSync("/etc", link)); await look(() => fs.readdirSync(link));
        await look(() => fs.linkSync({str(root / "secret.txt")!r}, link + "2"));
        await look(() => fs.readFileSync(link + "2", "utf8"));
    """
    assert MARK not in told(pool, root, body)


def test_the_tree_cannot_be_changed(pool, root):
    before = tree_of(root)
    folder = str(root)
    body = f"""
        await look(() => fs.rmSync({folder!r}, {{ recursive: true, force: true }}));
        await look(() => fs.writeFileSync({folder + "/src/target.ts"!r}, "broken"));
        await look(() => fs.writeFileSync({folder + "/new.ts"!r}, "new"));
        await look(() => fs.renameSync({folder!r}, {folder + "-moved"!r}));
        await look(() => fs.rmSync("/", {{ recursive: true, force: true }}));
        await look(() => fs.chmodSync({folder!r}, 0));
    """
    told(pool, root, body)
    assert tree_of(root) == before


def test_a_candidate_has_a_folder_of_its_own_that_goes_away(pool, root):
    body = """
        const file = path.join(os.tmpdir(), "mine");
        await look(() => fs.writeFileSync(file, "one")); await look(() => fs.readFileSync(file, "utf8"));
        await look(() => fs.readdirSync(os.tmpdir()));
    """
    assert '"one",["mine"]' in told(pool, root, body)
    assert '"one",["mine"]' in told(pool, root, body)
    assert not list(Path("/tmp").glob("llmops-sandbox-*/mine"))


def test_the_disk_cannot_be_filled(caged, root):
    body = """
        let written = 0;
        try {
          for (let i = 0; i < 300; i++) { fs.writeFileSync(`/tmp/${i}`, "x".repeat(2 ** 20)); written += 1; }
        } catch {}
        found.push(written);
    """
    assert int(told(caged, root, body).split("[")[1].split("]")[0]) < 80


def test_no_connection_leaves_the_sandbox(caged, root):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        body = f"""
            await look(() => fetch("http://127.0.0.1:{port}/").then((r) => r.text()));
            await look(() => new Promise((yes, no) =>
              net.connect({port}, "127.0.0.1", () => yes("connected")).on("error", no)));
            await look(() => new Promise((yes, no) =>
              net.connect(53, "8.8.8.8", () => yes("connected")).on("error", no)));
        """
        assert "connected" not in told(caged, root, body)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_candidate_sees_no_other_process(caged, root):
    message = told(caged, root, "found.push(process.pid, process.ppid, process.getuid!());")
    assert "[1,0,65534]" in message


def test_other_processes_cannot_be_signalled(pool, root):
    bystander = subprocess.Popen(["sleep", "60"])
    body = f"""
        for (const pid of [{bystander.pid}, {os.getpid()}, process.ppid, 0, -1]) {{
          await look(() => process.kill(pid, "SIGKILL"));
        }}
    """
    assert told(pool, root, body).count("refused") == 5
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def descendants() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def run_hostile_jobs(root):
    """In a process of its own, where no other pool starts or ends processes meanwhile."""
    before = descendants(), descriptors()
    ends = ["for (;;);", "process.abort();", "throw 1;", "await new Promise(() => {});", "} text"]
    hostile = [code + "\nexport const value = (): any => 0;" for code in ends]
    with NodePool(root, size=2) as pool, ThreadPoolExecutor(4) as threads:
        first = descriptors()
        codes = hostile * 4 + [HONEST]
        reports = list(threads.map(lambda code: attempt(pool, root, code, timeout=1), codes))
        grown = descriptors() - first
    return [report.status for report in reports], grown, (descendants(), descriptors()) == before


def test_hostile_jobs_leave_nothing_behind(root):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        statuses, grown, clean = process.submit(run_hostile_jobs, root).result()
    assert statuses[-1] == "finished"
    assert "finished" not in statuses[:-1]
    assert grown <= 16
    assert clean


@pytest.mark.parametrize("isolation", ["bwrap", "process"])
@pytest.mark.parametrize(
    "what", ["for (;;);", "return new Promise(() => setInterval(() => {}, 9));"]
)
def test_a_killed_parent_leaves_no_process(root, isolation, what):
    code = f"export const value = (): any => {{ {what} }};"
    script = f"""
import sys, threading
from pathlib import Path
import psutil
from pytest_llmops.sandbox import NodePool, TestJob
root = Path({str(root)!r})
pool = NodePool(root, size=2, isolation={isolation!r})
job = TestJob(root=root, tests=("tests/target.test.ts",), overlay={{"src/target.ts": {code!r}}}, timeout=60)
threading.Thread(target=pool.run, args=(job,), daemon=True).start()
threading.Event().wait(1)  # the job is in flight; if not yet, its process is ended all the same
print(*(child.pid for child in psutil.Process().children(recursive=True)), flush=True)
threading.Event().wait()
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    children = [os.pidfd_open(int(pid)) for pid in parent.stdout.readline().split()]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert len(children) >= 3
    for child in children:
        ready, _, _ = select.select([child], [], [], 10)
        os.close(child)
        assert ready, "a process outlived its parent by ten seconds"


def compilers() -> set[int]:
    """Of all pools of this process that are open."""
    return {
        child.pid
        for child in psutil.Process().children(recursive=True)
        if child.name() != "bwrap" and any("transform.mjs" in one for one in child.cmdline())
    }


def test_the_compiler_of_answers_has_no_network_and_no_processes_but_its_own(root):
    before = compilers()
    with NodePool(root) as pool:
        assert attempt(pool, root, HONEST).status == "finished"
        (compiler,) = compilers() - before
        for kind in ("net", "pid", "user", "mnt"):
            own = Path(f"/proc/{compiler}/ns/{kind}").readlink()
            assert own != Path(f"/proc/self/ns/{kind}").readlink(), kind


@pytest.mark.parametrize("isolation", ["bwrap", "process"])
def test_folders_of_a_killed_process_are_swept(root, isolation):
    stale = Path(tempfile.gettempdir(), "llmops-sandbox-99999999-abcdefgh")
    stale.mkdir()
    with NodePool(root, isolation=isolation) as pool:
        assert not stale.exists()
        assert attempt(pool, root, HONEST).status == "finished"
