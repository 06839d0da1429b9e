"""What never leaves: secrets, taken out of runs and records before anything is made of them."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from pytest_llmops.completions import Loop
from pytest_llmops.hiding import SHORTEST, Hide, hider
from pytest_llmops.runs.record import Record, Run

HIDDEN = "(hidden)"
"""Stands in a text for a secret that was in it."""

_SECRET_NAME = re.compile(
    r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|HEADER|AUTH|AUTHORIZATION"
    r"|(^|_)(PAT|PASS))S?$",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"^(Bearer|Basic) +", re.IGNORECASE)
"""Stands in front of the secret in a header, and is none."""

_PASSWORD = re.compile(r"://[^/@\s:]*:([^/@\s]{8,})@")
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")


def redactor(environment: Mapping[str, str], shortest: int = SHORTEST) -> Hide:
    """A function that takes out of a text every value that the environment keeps secret.

    Secret is the value, of `shortest` characters or more, of each variable whose name ends in KEY,
    TOKEN, SECRET, PASSWORD, PASSWD, PASSPHRASE, CREDENTIAL, HEADER, AUTH or AUTHORIZATION (or their
    plurals), or in PAT or PASS as a word of its own, and each password in a URL; public keys, which
    are names, are not. In upper case or cut in half it is still one.
    """
    values = {word for value in environment.values() for word in _PASSWORD.findall(value)}
    values |= {
        _SCHEME.sub("", part)
        for name, value in environment.items()
        if _SECRET_NAME.search(name) and "PUBLIC" not in name.upper()
        for part in (value, *(half.partition("=")[2] for half in value.split(",")))
    }
    return hider(values, HIDDEN, shortest)


def clean_text(text: str, hide: Hide) -> str:
    """A text of this program, such as an error, as it may be kept and sent."""
    return without_user_info(hide(text))


def clean_run(run: Run, hide: Hide) -> Run:
    """A run as it may be sent."""
    identity = run.identity
    identity = msgspec.structs.replace(
        identity,
        model=clean_text(identity.model, hide),
        served=clean_text(identity.served, hide),
        body_changes=clean_text(identity.body_changes, hide),
        instruction=hide(identity.instruction),
    )
    return msgspec.structs.replace(run, identity=identity)


def clean_record(record: Record, hide: Hide, *, content: bool) -> Record:
    """A record as it may be sent.

    Args:
        record: As it is kept.
        hide: See `redactor`.
        content: Send texts; without, a record that holds some loses them here.
    """
    kept = record if content else without_texts(record)
    prompt = tuple(msgspec.structs.replace(one, content=hide(one.content)) for one in kept.prompt)
    return without_secrets(msgspec.structs.replace(kept, prompt=prompt), hide)


def without_secrets(record: Record, hide: Hide, written: Hide | None = None) -> Record:
    """A record without what is secret, as it may be kept; its prompt is ours.

    Args:
        record: As it was made.
        hide: See `redactor`.
        written: The same for what a model or its program wrote; None for `hide`.
    """
    written = written or hide
    grade = record.grade
    return msgspec.structs.replace(
        record,
        text=written(record.text),
        refusal=written(record.refusal),
        loop=record.loop and _hidden(record.loop, written),
        grade=grade and msgspec.structs.replace(grade, detail=written(grade.detail)),
        served_model=clean_text(record.served_model, hide),
        error=clean_text(record.error, hide),
    )


def _hidden(loop: Loop, hide: Hide) -> Loop:
    """A loop without what is secret, wherever an agent, a tool or the model wrote it."""

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return hide(value)
        if isinstance(value, dict):
            return {key: clean(one) for key, one in value.items()}
        return [clean(one) for one in value] if isinstance(value, list | tuple) else value

    return msgspec.convert(clean(msgspec.to_builtins(loop)), Loop)


def without_texts(record: Record) -> Record:
    """A record without what the model was asked and answered, and what quotes it."""
    return msgspec.structs.replace(
        record,
        prompt=(),
        text="",
        refusal="",
        loop=record.loop and record.loop.without_content(),
        grade=record.grade and record.grade.without_content(),
    )


def without_user_info(text: str) -> str:
    """A text without users and passwords in its URLs."""
    return _USER_INFO.sub("", text)
