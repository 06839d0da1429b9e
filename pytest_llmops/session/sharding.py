"""The options of a session that attempts a part of the selection."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.shards import Shard, parse_shard


def shard_of(values: Mapping[str, Any], runs: Path) -> tuple[Shard | None, dict[str, float]]:
    """The shard, and what an attempt at a case takes, by case id, in seconds.

    Args:
        values: The options by name, as argparse fills them.
        runs: Where runs are kept.

    Raises:
        CaseError: The options contradict each other, or name no shard.
        RecordError: There is no such run.
    """
    if not values["shard"]:
        if values["shard_by"]:
            raise CaseError("--shard-by needs --shard I/N, which it balances")
        return None, {}
    if values["gate"] is not None:
        raise CaseError(
            "--gate with --shard would judge a part of the cases; run the shards without it, put "
            "them together with `llmops merge`, and judge the whole with `llmops gate`"
        )
    try:
        shard = parse_shard(values["shard"])
    except ValueError as error:
        raise CaseError(f"--shard: {error}") from None
    if not values["shard_by"]:
        return shard, {}
    from pytest_llmops.runs.reading import find_run
    from pytest_llmops.runs.tally import case_seconds

    return shard, case_seconds(find_run(values["shard_by"], runs))
