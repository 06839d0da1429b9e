"""What counts as a report, and that neither a job's errors nor its descriptors can spoil or forge it."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

import os
import threading
import time
from pathlib import Path

import pytest

from pytest_llmops.sandbox import NodePool, TestJob, TestReport
from pytest_llmops.sandbox.channel import Channel, LateError, parse_report

OPENING, CLOSING = b"0123456789abcdef" * 2, b"fedcba9876543210" * 2
BODY = b'["finished",[["a.test.ts","is one",true,"",0,0,0]],""]'
TESTS = """
import { expect, it } from "vitest";
import { value } from "../src/target";
it("is one", async () => {
  expect(value()).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
});
"""
MANY = """
import { expect, it } from "vitest";
import { value } from "../src/target";
it.each(Array.from({ length: 200 }, (_, index) => index))("is %i", (index) => {
  expect(value(index)).toBe(index);
});
"""
NON_BLOCKING = """
import net from "node:net";
const held: any[] = [];
for (let fd = 3; fd < 64; fd++) try { held.push(new net.Socket({ fd, readable: false, writable: true })); } catch {}
for (const socket of held) { socket.on("error", () => {}); socket.unref(); }
"""
LONG = "export const value = (index: number): any => { throw new Error('x'.repeat(10_000)); };"


def framed(body: bytes = BODY, *, opening: bytes = OPENING, closing: bytes = CLOSING) -> bytes:
    return opening + b"%016x" % len(body) + body + closing


def parsed(received: bytes) -> bool:
    return parse_report(received, OPENING, CLOSING) is not None


VOID = {
    "nothing": b"",
    "the words alone": OPENING + CLOSING,
    "a byte behind": framed() + b"\n",
    "a byte before": b"R" + framed(),
    "a second report": framed() * 2,
    "another opening word": framed(opening=CLOSING),
    "another closing word": framed(closing=OPENING),
    "no closing word": framed(closing=b""),
    "an end cut off": framed()[:-1],
    "a body longer than declared": OPENING + b"%016x" % (len(BODY) - 1) + BODY + CLOSING,
    "a body shorter than declared": OPENING + b"%016x" % (len(BODY) + 1) + BODY + CLOSING,
    "a length with a sign": OPENING + b"+%015x" % len(BODY) + BODY + CLOSING,
    "a length with blanks": OPENING + b"%16x" % len(BODY) + BODY + CLOSING,
    "a length with underscores": OPENING + b"0000000000000_%02x" % len(BODY) + BODY + CLOSING,
    "a length that nobody reads": OPENING + b"f" * 16 + BODY + CLOSING,
    "an object": framed(b'{"status":"finished","results":[],"detail":""}'),
    "a key that occurs twice": framed(b'{"status":"crashed","status":"finished"}'),
    "an element too many": framed(BODY[:-1] + b",0]"),
    "an element too few": framed(b'["finished",[]]'),
    "a row with an element too many": framed(BODY.replace(b"0,0,0]]", b"0,0,0,0]]")),
    "a row that is an object": framed(b'["finished",[{"title":"is one","passed":true}],""]'),
    "a verdict that is a number": framed(BODY.replace(b"true", b"1")),
    "a status of the parent's own": framed(BODY.replace(b"finished", b"timeout")),
    "two values": framed(BODY + BODY),
    "no JSON": framed(b"x" * len(BODY)),
    "text that is no UTF-8": framed(BODY.replace(b"is one", b"is \xff\xff\xff")),
}


def test_a_report_of_the_right_form_is_read():
    report = parse_report(framed(), OPENING, CLOSING)
    assert report is not None
    assert (report.status, report.detail) == ("finished", "")
    assert [(result.title, result.passed) for result in report.results] == [("is one", True)]


def test_a_length_is_written_in_lower_case():
    body = BODY.replace(b'""', b'"%s"' % (b"x" * (0xAB - len(BODY))), 1)
    assert parsed(framed(body))
    digits = b"%016x" % len(body)
    assert digits != digits.upper()
    assert not parsed(framed(body).replace(digits, digits.upper()))


@pytest.mark.parametrize("name", VOID)
def test_a_report_of_another_form_is_void(name):
    assert not parsed(VOID[name])


def test_nothing_is_a_report_before_there_was_a_job():
    assert parse_report(b"%016x" % len(BODY) + BODY, b"", b"") is None


def test_what_comes_behind_a_whole_report_makes_it_void():
    read, write = os.pipe()
    job, stdin = os.pipe()
    errors, stderr = os.pipe()
    channel = Channel(stdin, read, errors)
    channel.send(b"", time.monotonic() + 5)
    words = os.read(job, 64)
    os.write(write, framed(opening=words[:32], closing=words[32:]))
    assert channel.receive(time.monotonic() + 5)
    os.write(write, b"}")
    assert channel.report() is None
    for descriptor in (read, write, job, stdin, errors, stderr):
        os.close(descriptor)


def test_a_report_in_small_pieces_is_one_report():
    read, write = os.pipe()
    job, stdin = os.pipe()
    errors, stderr = os.pipe()
    channel = Channel(stdin, read, errors)
    channel.send(b"", time.monotonic() + 5)
    words = os.read(job, 64)

    def drip() -> None:
        for byte in framed(opening=words[:32], closing=words[32:]):
            os.write(write, bytes([byte]))

    writer = threading.Thread(target=drip)
    writer.start()
    assert channel.receive(time.monotonic() + 5)
    writer.join()
    assert channel.report() is not None
    for descriptor in (read, write, job, stdin, errors, stderr):
        os.close(descriptor)


def test_half_a_report_is_waited_for_and_never_taken():
    read, write = os.pipe()
    job, stdin = os.pipe()
    errors, stderr = os.pipe()
    channel = Channel(stdin, read, errors)
    channel.send(b"", time.monotonic() + 5)
    words = os.read(job, 64)
    os.write(write, framed(opening=words[:32], closing=words[32:])[:-1])
    with pytest.raises(LateError):
        channel.receive(time.monotonic() + 0.05)
    assert channel.report() is None
    for descriptor in (read, write, job, stdin, errors, stderr):
        os.close(descriptor)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    (root / "src").mkdir()
    (root / "tests").mkdir()
    # An answer may import what its own file imports.
    original = 'import "node:fs"; import "node:net"; import "node:os"; import "node:tty"; export const value = (): number => 1;'
    (root / "src" / "target.ts").write_text(original)
    (root / "tests" / "target.test.ts").write_text(TESTS)
    (root / "tests" / "many.test.ts").write_text(MANY)
    (root / "tests" / "files.test.ts").write_text(TESTS.replace("(value())", "(await value())"))
    return root


@pytest.fixture(scope="module", params=["bwrap", "process"])
def pool(root, request):
    with NodePool(root, isolation=request.param) as pool:
        yield pool


def attempt(
    pool: NodePool, root: Path, code: str, test: str = "target", timeout: float = 10
) -> TestReport:
    overlay, tests = {"src/target.ts": code}, (f"tests/{test}.test.ts",)
    return pool.run(TestJob(root=root, tests=tests, overlay=overlay, timeout=timeout))


def test_a_long_report_comes_through_a_channel_that_does_not_block(pool, root):
    report = attempt(pool, root, NON_BLOCKING + LONG, "many")
    assert report.status == "finished", report.detail
    assert len(report.results) == 200
    assert not any(result.passed for result in report.results)


def test_listeners_cannot_end_a_report_that_does_not_fit_the_pipe(pool, root):
    forged = '[["tests/many.test.ts","is 0",true,""]]'
    code = f"""
import fs from "node:fs";
const end = () => {{ for (let fd = 3; fd < 64; fd++) try {{ fs.writeSync(fd, '{forged}'); }} catch {{}} }};
for (const name of ["uncaughtException", "unhandledRejection", "exit", "beforeExit", "warning",
  "uncaughtExceptionMonitor", "rejectionHandled"]) process.on(name as any, end);
"""
    report = attempt(pool, root, NON_BLOCKING + code + LONG, "many")
    assert not any(result.passed for result in report.results)


def test_messages_of_a_report_are_bounded_together(pool, root):
    report = attempt(pool, root, LONG.replace("10_000", "1e6"), "many")
    assert report.status == "finished"
    assert len(report.results) == 200
    assert sum(len(result.message) for result in report.results) <= 500_000


HANDLE = "const file: any = await fs.promises.open(os.tmpdir() + '/held', 'w'); const symbol = (name: string): any => Object.getOwnPropertySymbols(file).find((one) => one.description === name);"
WAYS = {
    "writeSync": "fs.writeSync(fd, text)",
    "write": "fs.write(fd, text, () => {})",
    "a stream": "fs.createWriteStream('', { fd }).on('error', () => {}).write(text)",
    "a stream's class": "new fs.WriteStream('', { fd } as any).on('error', () => {}).write(text)",
    "the class behind a stream": "new (fs.createWriteStream(os.tmpdir() + '/held').on('error', () => {}).constructor as any)('', { fd }).on('error', () => {}).write(text)",
    "options that tell it later": "let n = 0; fs.createWriteStream('', { get fd() { return n++ ? fd : 1; } } as any).on('error', () => {}).write(text)",
    "a handle of sockets": "const made: any = new net.Socket().on('error', () => {}); made.connect({ port: 1, host: 'x', lookup: () => {} }); const handle = new made._handle.constructor(0); handle.open(fd); new net.Socket({ handle, writable: true } as any).on('error', () => {}).write(text)",
    "a handle told another number": f"{HANDLE} file[symbol('kFd')] = fd; await file.write(text)",
    "a false handle": f"{HANDLE} await file.write.call(Object.create(file, {{ [symbol('kFd')]: {{ value: fd }}, fd: {{ value: fd }} }}), text)",
    "a false handle, given to a function": f"{HANDLE} await fs.promises.writeFile(Object.create(file, {{ fd: {{ value: fd }} }}), text)",
    "a native handle": f"{HANDLE} const own = new file[symbol('kHandle')].constructor(fd); own.writeUtf8String({{}}, text)",
    "a terminal": "new tty.WriteStream(fd).on('error', () => {}).write(text)",
    "a socket": "new net.Socket({ fd, writable: true }).on('error', () => {}).write(text)",
}


def channel_of(pool):
    """The descriptor on which the next process will report."""
    argv = [str(one) for one in pool._reserve[0].result()._process.args]
    return int(argv[next(at for at, one in enumerate(argv) if one.endswith("start.cjs")) + 1])


@pytest.mark.parametrize("way", WAYS)
def test_what_an_answer_writes_to_the_channel_spoils_no_report(pool, root, way):
    code = f"""
import fs from "node:fs"; import net from "node:net"; import os from "node:os"; import tty from "node:tty";
export const value = async (): Promise<number> => {{
  const [fd, text] = [{channel_of(pool)}, "[]"];
  try {{ {WAYS[way]}; }} catch {{}}
  return 1;
}};"""
    report = attempt(pool, root, code, "files")
    assert report.status == "finished", report.detail
    assert [(result.title, result.passed) for result in report.results] == [("is one", True)]


def test_descriptors_of_files_that_an_answer_opened_work(pool, root):
    code = """
import fs from "node:fs"; import os from "node:os"; import { promisify } from "node:util";
export const value = async (): Promise<any> => {
  const path = `${os.tmpdir()}/mine`;
  const fd = fs.openSync(path, "w+");
  fs.writeSync(fd, "one"); fs.writeFileSync(fd, "!");
  const read = fs.readFileSync(path, "utf8");
  fs.closeSync(fd);
  const again: number = await new Promise((done, fail) => fs.open(path, "r", (error, given) => (error ? fail(error) : done(given))));
  const { bytesRead } = await promisify(fs.read)(again, Buffer.alloc(9), 0, 9, 0);
  const streamed: string = await new Promise((done) => fs.createReadStream("", { fd: again, start: 0 }).on("data", (data) => done(String(data))));
  const written: any = await new Promise((done) => new fs.WriteStream(path + "2").end("x", () => done(fs.readFileSync(path + "2", "utf8"))));
  function Own(this: any, ...values: any[]) { (fs.ReadStream as any).apply(this, values); }
  Own.prototype = Object.create(fs.ReadStream.prototype);
  for (const stream of [new (Own as any)(path), (fs as any).ReadStream(path), new (class extends fs.ReadStream {})(path)]) {
    const given = await new Promise((done) => stream.on("error", done).on("data", (data: any) => done(String(data))));
    if (given !== "one!") throw new Error(String(given));
  }
  const other = await promisify(fs.open)(path, "r");
  const size = fs.fstatSync(other).size;
  const handle = await fs.promises.open(path, "r+");
  await handle.write("two");
  await fs.promises.appendFile(handle, "!");
  await handle.close();
  const lines = []; for await (const line of (await fs.promises.open(new URL(`file://${path}`))).readLines()) lines.push(line);
  if (lines.join() !== "two!" || String(await fs.promises.readFile(Buffer.from(path))) !== "two!") throw new Error(lines.join());
  let closed = ""; try { fs.fstatSync(fd + 20); } catch (error: any) { closed = error.code; }
  const found = [read, bytesRead, streamed, written, size, closed].join();
  if (found !== "one!,4,one!,x,4,EBADF") throw new Error(found);
  return 1;
};"""
    report = attempt(pool, root, code, "files")
    assert [result.message for result in report.results] == [""], report.detail


@pytest.mark.parametrize("where", ["toJSON", "a getter", "a patched Buffer"])
def test_no_code_of_a_job_takes_part_in_its_report(pool, root, where):
    codes = {
        "toJSON": "const error: any = new Error('x'); error.toJSON = error.toString = () => 'gained'; const thrown = error;",
        "a getter": "let reads = 0; const thrown: any = { get message() { return reads++ ? 'gained' : 'x'; } };",
        "a patched Buffer": """
            import { Buffer as B } from "node:buffer";
            for (const name of ["from", "alloc", "byteLength", "concat"]) try { (B as any)[name] = () => { throw new Error("gained"); }; } catch {}
            const thrown = new Error("x");""",
    }
    report = attempt(
        pool, root, codes[where] + "export const value = (): any => { throw thrown; };"
    )
    assert report.status == "finished"
    assert [result.passed for result in report.results] == [False]
    assert "gained" not in report.results[0].message


UNCAUGHT = {
    "a timer": "setTimeout(() => { throw new Error('lost'); }, 0);",
    "an immediate": "setImmediate(() => { throw new Error('lost'); });",
    "an interval": "const stop = setInterval(() => { clearInterval(stop); throw new Error('lost'); }, 1);",
    "a microtask": "queueMicrotask(() => { throw new Error('lost'); });",
    "a tick": "process.nextTick(() => { throw new Error('lost'); });",
    "a rejection": "void Promise.reject(new Error('lost'));",
    "a rejection in a timer": "setTimeout(async () => { throw new Error('lost'); }, 1);",
    "a reaction": "void Promise.resolve().then(() => { throw new Error('lost'); });",
    "an event": "import { EventEmitter } from 'node:events'; setTimeout(() => new EventEmitter().emit('error', new Error('lost')), 1);",
    "an abort": "const c = new AbortController(); c.signal.addEventListener('abort', () => { throw new Error('lost'); }); c.abort();",
    "a thrown null": "setTimeout(() => { throw null; }, 0);",
    "an error that cannot be read": "setTimeout(() => { throw { get message() { throw 1; } }; }, 0);",
    "a hundred": "for (let i = 0; i < 100; i++) setTimeout(() => { throw new Error('lost'); }, 0);",
}


@pytest.mark.parametrize("name", UNCAUGHT)
@pytest.mark.parametrize("moment", ["loading", "testing"])
def test_an_error_that_no_test_catches_voids_no_right_answer(pool, root, name, moment):
    imports, _, statement = UNCAUGHT[name].rpartition("'node:events'; ")
    imports = f"{imports}'node:events';\n" if imports else ""
    at_load, in_test = (statement, "") if moment == "loading" else ("", statement)
    code = f"{imports}{at_load}\nexport const value = (): number => {{ {in_test} return 1; }};"
    report = attempt(pool, root, code)
    assert report.status == "finished", report.detail
    assert [result.passed for result in report.results] == [True]
    assert "unhandled: " in report.detail
    assert report.detail.count("unhandled: ") <= 5


def test_the_safety_net_holds_without_any_listener(pool, root):
    code = "process.removeAllListeners(); setTimeout(() => { throw new Error('lost'); }, 0);"
    report = attempt(pool, root, f"{code} export const value = (): number => 1;")
    assert [result.passed for result in report.results] == [True]
    assert "unhandled: Error: lost" in report.detail


def test_a_lone_surrogate_in_a_message_voids_no_report(pool, root):
    code = "export const value = (): any => { throw new Error('\\ud800 and \\udfff'); };"
    report = attempt(pool, root, code)
    assert report.status == "finished"
    assert "\ufffd and \ufffd" in report.results[0].message
    cut = "export const value = (): any => { throw new Error('x' + '\\u{1F600}'.repeat(2000)); };"
    assert attempt(pool, root, cut).status == "finished"


WORDS = ["Allocation failed", "JavaScript heap out of memory", "Array buffer allocation failed",
         "Cannot allocate memory", "std::bad_alloc", "process out of memory"]  # fmt: skip


@pytest.mark.parametrize("words", WORDS)
def test_words_about_memory_do_not_make_it_run_out(pool, root, words):
    fatal = f"FATAL ERROR: Reached heap limit {words} - JavaScript heap out of memory"
    for code in (
        f"export const value = (): any => {{ throw new Error({words!r}); }};",
        f"console.error({fatal!r}); export const value = (): any => 2;",
        f"class Own extends RangeError {{}} export const value = (): any => {{ throw new Own({words!r}); }};",
    ):
        report = attempt(pool, root, code)
        assert report.status == "finished", code
    assert attempt(pool, root, f"throw new Error({words!r});").status == "load_error"


def test_a_process_that_only_talks_of_memory_has_not_run_out_of_it(pool, root):
    fatal = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"
    code = f"""
import fs from "node:fs";
fs.writeSync(2, {fatal!r} + "\\n");
export const value = (): any => {{ for (;;); }};"""
    assert attempt(pool, root, code, timeout=1).status == "timeout"


def test_what_the_engine_throws_for_want_of_memory_counts(pool, root):
    code = "export const value = (): any => new ArrayBuffer(2 ** 40).byteLength;"
    report = attempt(pool, root, code)
    assert report.status == "out_of_memory", report


def test_a_crash_is_told_without_a_line_of_our_source(pool, root):
    code = """
import net from "node:net";
const made: any = new net.Socket().on("error", () => {});
made.connect({ port: 1, host: "x", lookup: () => {} });
new made._handle.constructor();
export const value = (): any => 1;"""
    report = attempt(pool, root, code)
    assert report.status == "crashed"
    for mark in ("runner.mjs", "channel.mjs", "writeSync", "    at ", "^"):
        assert mark not in report.detail
