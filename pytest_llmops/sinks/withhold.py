"""What never leaves: secrets, taken out of runs and records before anything is made of them."""

import re
from collections.abc import Callable, Mapping

import msgspec

from pytest_llmops.runs.record import Record, Run

HIDDEN = "(hidden)"
"""Stands in a text for a secret that was in it."""

_SECRET_NAME = re.compile(
    r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS|HEADERS)S?$", re.IGNORECASE
)
_PASSWORD = re.compile(r"://[^/@\s:]*:([^/@\s]{8,})@")
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")

Hide = Callable[[str], str]


def redactor(environment: Mapping[str, str]) -> Hide:
    """A function that takes out of a text every value that the environment keeps secret.

    Secret is the value, of 8 characters or more, of each variable whose name ends in KEY, TOKEN,
    SECRET, PASSWORD, CREDENTIALS or HEADERS, and each password in a URL; public keys, which are
    names, are not.
    """
    values = {word for value in environment.values() for word in _PASSWORD.findall(value)}
    values |= {
        part
        for name, value in environment.items()
        if _SECRET_NAME.search(name) and "PUBLIC" not in name.upper()
        for part in (value, *(half.partition("=")[2] for half in value.split(",")))
        if len(part) >= 8
    }
    secrets = sorted(values, key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in secrets:
            if secret in text:
                text = text.replace(secret, HIDDEN)
        return text

    return hide


def clean_run(run: Run, hide: Hide) -> Run:
    """A run as it may be sent."""
    identity = msgspec.structs.replace(
        run.identity,
        model=without_user_info(hide(run.identity.model)),
        served=without_user_info(hide(run.identity.served)),
    )
    return msgspec.structs.replace(run, identity=identity)


def clean_record(record: Record, hide: Hide, *, content: bool) -> Record:
    """A record as it may be sent.

    Args:
        record: As it is kept.
        hide: See `redactor`.
        content: Send texts; without, a record that holds some loses them here.
    """
    prompt = tuple(msgspec.structs.replace(one, content=hide(one.content)) for one in record.prompt)
    grade = record.grade
    if grade and grade.detail:
        grade = msgspec.structs.replace(grade, detail=hide(grade.detail) if content else "")
    return msgspec.structs.replace(
        record,
        prompt=prompt if content else (),
        text=hide(record.text) if content else "",
        refusal=hide(record.refusal) if content else "",
        grade=grade,
        error=without_user_info(hide(record.error)),
    )


def without_user_info(text: str) -> str:
    """A text without users and passwords in its URLs."""
    return _USER_INFO.sub("", text)
