"""The process that starts the model, sends all requests and writes all records.

There is one a session. Without xdist it runs the attempts too, and so is a worker of itself.
"""

import re
import secrets
import threading
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from pytest_llmops.cases import suite_hash
from pytest_llmops.completions import Completion, Request
from pytest_llmops.errors import CaseError, EndpointError, ModelError, RecordError
from pytest_llmops.generation.broker import Address, BrokerServer
from pytest_llmops.generation.keys import Key
from pytest_llmops.models import load_models, resolve
from pytest_llmops.report.terminal import Live, render, summary_parts
from pytest_llmops.runs.machine import Machine, versions
from pytest_llmops.runs.record import End, Identity, Record, RecordFile, Run
from pytest_llmops.session.answers import Answers, open_answers
from pytest_llmops.session.attempt import make_record
from pytest_llmops.session.options import Options
from pytest_llmops.session.worker import Worker
from pytest_llmops.tasks.selection import Selection, suite_of

_decoder = msgspec.json.Decoder(Record)


class Controller(Worker):
    """The process that starts the model, sends all requests and writes all records."""

    def __init__(self, options: Options, selection: Selection) -> None:
        """Prepare; nothing is started before `announce`.

        Raises:
            ModelError: The model is unknown.
        """
        super().__init__(options, selection, None)
        if options.model:
            resolve(options.model, options.models_file)
        self.progress: Live | None = None
        self._keys: dict[str, Key] = {}
        self._ready = threading.Event()
        self._answers: Answers | None = None
        self._file: RecordFile | None = None
        self._requests: dict[Key, Request] = {}
        self._records: dict[Key, Record] = {}
        self._started = time.monotonic()

    @property
    def has_cache(self) -> bool:
        """Whether answers outlive this session in the completion cache."""
        return self._answers is not None and self._answers.cache is not None

    @property
    def announced(self) -> bool:
        """Whether a run is going on."""
        return self._file is not None

    def header(self) -> list[str]:
        """Lines for the head of the session: model, suites, and suites left out."""
        count, choice = len(self.selection.cases), self.options.choice
        suites = ", ".join(self.selection.trees) or "none"
        lines = [f"llmops: model {self.options.model}; {suites}: {count} {choice.split} cases"]
        for name, reason in self.selection.unreachable.items():
            lines.append(f"llmops: suite {name} left out: {reason}")
        return lines

    def broker(self) -> tuple[Address, bytes]:
        """Open the door for workers, once; returns its address and key."""
        return self._server.address, self._server.authkey

    @cached_property
    def _server(self) -> BrokerServer:
        server = BrokerServer(self.await_completion)
        self._open.callback(server.close)
        return server

    def await_completion(self, key: Key, timeout: float | None = None) -> Completion:
        """Wait for an answer; before `announce`, for that too."""
        self._ready.wait(timeout)
        if self._answers is None:
            raise EndpointError(
                f"{key[0]} (sample {key[1]}): nothing was asked for; tests that take `attempt` "
                "have no other parameters"
            )
        return self._answers.source.await_completion(key, timeout)

    def announce(self, keys: Mapping[str, Key]) -> None:
        """Start the model, the run and its requests.

        Args:
            keys: The selected attempts by the ids of their tests; for none, nothing is started.

        Raises:
            LlmopsError: Model, records file or cache cannot be used.
        """
        try:
            if keys:
                self._start(keys)
        finally:
            self._ready.set()

    def _start(self, keys: Mapping[str, Key]) -> None:
        if len(set(keys.values())) < len(keys):
            raise CaseError(
                "two selected tests attempt the same case; select one of the tests that take "
                "`attempt`, and give it no other parameters"
            )
        options = self.options
        if not options.model:
            known = ", ".join(load_models(options.models_file)) or "none"
            raise ModelError(f"--model is needed; {options.models_file} names: {known}")
        self._keys = dict(keys)
        self._answers = open_answers(
            options.model,
            options.models_file,
            options.choice.sampling,
            runs=options.runs,
            cache=options.cache,
        )
        self._file = RecordFile(options.runs, self._describe(self._answers.identity))
        context = self._answers.identity.context_tokens
        requests = list(self.selection.requests(keys.values(), context))
        self._requests = {request.key: request for request in requests}
        self._answers.source.start(requests)

    def _describe(self, identity: Identity) -> Run:
        now, options = time.time(), self.options
        cases = {case for case, _ in self._keys.values()}
        chosen = [case for name, case in self.selection.cases.items() if name in cases]
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", options.model).strip("-.")[:40]
        return Run(
            id=f"{stamp}-{slug}-{secrets.token_hex(2)}",
            started=now,
            identity=identity,
            suites=tuple(sorted({suite_of(case) for case in chosen})),
            split=options.choice.split,
            samples=options.choice.samples,
            suite_hash=suite_hash(chosen),
            cases=len(chosen),
            attempts=len(self._keys),
            sandbox=options.sandbox if options.grade else "off",
            content=options.content,
            versions=versions(),
            machine=Machine.here(),
        )

    def show_progress(self) -> None:
        """Draw the progress line from now on."""
        assert self._answers
        source = self._answers.source
        self.progress = Live(len(self._keys), lambda: source.progress().tokens_per_second)

    def keep(self, encoded: str) -> None:
        """Write the record of a finished attempt.

        Raises:
            RecordError: The file cannot be written.
        """
        self._keep(_decoder.decode(encoded))

    def keep_fault(self, nodeid: str, error: str) -> None:
        """Put an attempt on record that left none: its set-up failed or its worker died.

        Raises:
            RecordError: The file cannot be written.
        """
        key = self._keys.get(nodeid)
        if key is None or key in self._records:
            return
        assert self._answers
        try:
            completion = self._answers.source.await_completion(key, timeout=0)
        except EndpointError:
            completion = None  # it had not come yet
        case = self.selection.cases[key[0]]
        record = make_record(case, key[1], completion, content=self.options.content)
        self._keep(msgspec.structs.replace(record, error=error))

    def _keep(self, record: Record) -> None:
        """Write a record with what only the controller knows."""
        assert self._file
        assert self._answers
        key = record.case, record.sample
        if key in self._records:
            self._file.broken = True
            raise RecordError(f"{record.case} (sample {record.sample}): attempted twice in a run")
        added: dict[str, Any] = {}
        if request := self._requests.get(key):
            prompt = request.messages if self.options.content else ()
            added |= {"prompt": prompt, "prompt_sha256": request.prompt_sha256}
        if (prices := self._answers.prices) and record.usage:
            added["cost"] = 0.0 if record.from_cache else prices.cost(record.usage)
        if engine := self._answers.engine:
            added["engine_memory"] = engine.peak_memory()
        record = msgspec.structs.replace(record, **added)
        self._file.write(record)
        self._records[key] = record
        if self.progress:
            self.progress.advance(record)

    def finish(self, exit_status: int) -> None:
        """Write the last line and let go of everything.

        Raises:
            RecordError: The file cannot be written.
        """
        if self._file and not self._file.broken:
            self._file.write(End(finished=time.time(), exit_status=exit_status))
        self.close()

    def summary(self, *, width: int, color: bool) -> str:
        """The run in numbers, for the end of the session."""
        assert self._file
        records = list(self._records.values())
        parts = summary_parts(self._file.run, records, seconds=time.monotonic() - self._started)
        left_out = [f"left out: {name}: {why}" for name, why in self.selection.unreachable.items()]
        return render([*parts, *left_out, *self._cache_problems()], width=width, color=color)

    def _cache_problems(self) -> list[str]:
        cache = self._answers.cache if self._answers else None
        if cache is None:
            return []
        lost = [f"{cache.lost} answers could not be cached"] if cache.lost else []
        return [*cache.problems, *lost]

    def close(self) -> None:
        """Let go of everything; safe to repeat."""
        if self.progress:
            self.progress.stop()
        self._ready.set()
        if self._answers:
            self._answers.close()
        super().close()
        if self._file:
            self._file.close()
