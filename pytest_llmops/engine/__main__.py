"""`python -m pytest_llmops.engine`: load, serve, and say so in one line of JSON on stdout.

Everything else is written to stderr. Exit status 3 is a model that cannot be served, where a
session asked (`--parent-pid`), and 2 where none did (`llmops serve`); so is a wrong command line.
"""

import os

# Read once, when OpenMP starts: waiting threads shall sleep, not spin. Before torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import argparse
import socket
import sys

import msgspec

from pytest_llmops.engine.foreign import PROGRAMS, check_spec
from pytest_llmops.engine.launch import MODEL_ERROR_STATUS
from pytest_llmops.engine.lifetime import follow_parent
from pytest_llmops.engine.spec import OWN, EngineSpec, Ready
from pytest_llmops.engine.warden import Ward, keep
from pytest_llmops.errors import LlmopsError

USER_ERROR = 2
"""Exit status of `llmops serve` for what the user can mend."""


def main(arguments: list[str]) -> int:
    """Serve until ended; return the exit status."""
    options = _parser().parse_args(arguments)
    ward = Ward()
    if options.parent_pid:
        follow_parent(options.parent_pid, ward.end)
    try:
        spec = _spec(options)
        listener = _listen(spec)
        check_spec(spec)
        if spec.engine != OWN:
            listener.close()
            return keep(spec, ward, _announce)
        from pytest_llmops.engine.assemble import assemble  # noqa: PLC0415 - imports torch: seconds

        assembled = assemble(spec)
    except LlmopsError as error:
        if not options.parent_pid:
            print(f"llmops: {error}", file=sys.stderr)  # noqa: T201
            return USER_ERROR
        print(error, file=sys.stderr)  # noqa: T201
        return MODEL_ERROR_STATUS
    host, port = listener.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    ready = Ready(
        url=f"http://{name}:{port}/v1",
        pid=os.getpid(),
        models=dict(assembled.service.models),
        max_context=assembled.service.max_context,
        notes=assembled.notes,
    )
    assembled.serve(listener, on_ready=lambda: _announce(ready))
    return 0


def _announce(ready: Ready) -> None:
    print(msgspec.json.encode(ready).decode(), flush=True)  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pytest_llmops.engine", description=__doc__)
    parser.add_argument("--base", required=True, help="folder, hf:ORG/NAME or embedded:NAME")
    parser.add_argument("--base-name", default="base", help="name of the base in requests")
    parser.add_argument("--adapter", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--max-batch", type=int, default=EngineSpec(base="").max_batch)
    parser.add_argument("--max-context", type=int, default=0, help="0: the model's, at most 8192")
    parser.add_argument("--dtype", default="auto", help="auto, float32, bfloat16 or float16")
    parser.add_argument("--engine", default=OWN, choices=[OWN, *PROGRAMS])
    parser.add_argument("--program", default="", help="of another engine; empty: it is looked for")
    parser.add_argument(
        "--engine-arg", action="append", default=[], help="handed to it; repeatable"
    )
    parser.add_argument("--parent-pid", type=int, default=0, help="end when this process ends")
    return parser


def _spec(options: argparse.Namespace) -> EngineSpec:
    pairs = [text.partition("=") for text in options.adapter]
    wrong = [name for name, _, folder in pairs if not name or not folder]
    names = [options.base_name, *(name for name, _, _ in pairs)]
    if wrong or len(set(names)) < len(names):
        raise LlmopsError(f"--adapter takes NAME=FOLDER with names that differ; found {names}")
    return EngineSpec(
        base=options.base,
        base_name=options.base_name,
        adapters={name: folder for name, _, folder in pairs},
        max_batch=options.max_batch,
        max_context=options.max_context,
        dtype=options.dtype,
        host=options.host,
        port=options.port,
        engine=options.engine,
        program=options.program,
        engine_args=tuple(options.engine_arg),
    )


def _listen(spec: EngineSpec) -> socket.socket:
    """Take the port before the model is loaded: a port in use shall not cost a minute."""
    family = socket.AF_INET6 if ":" in spec.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((spec.host, spec.port))
    except OSError as error:
        listener.close()
        raise LlmopsError(f"cannot listen on {spec.host}:{spec.port}: {error.strerror}") from error
    except OverflowError:
        listener.close()
        raise LlmopsError(f"--port must be 0 to 65535; is {spec.port}") from None
    return listener


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
