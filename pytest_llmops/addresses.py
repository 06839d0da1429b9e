"""How an endpoint is named: a URL that may be shown, and the variable that holds its key."""

import re
from urllib.parse import urlsplit

from pytest_llmops.errors import ModelError

CHAT = "/chat/completions"
"""Path of questions, behind the URL of an endpoint."""
VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*")
"""Names that environment variables have."""


def check_url(where: str, url: str) -> None:
    """Refuse a URL that cannot be one of an endpoint, or that would give a secret away.

    Args:
        where: What the message begins with: the file and table, or the option.
        url: As it was given.

    Raises:
        ModelError: Says what is wrong with it.
    """
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ModelError(f"{where}: this is not a URL: {error}") from None
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ModelError(
            f"{where}: the URL has a user, password or query, which would be recorded; give the "
            "key in an environment variable that 'api_key_env' in models.toml names"
        )
    if parts.scheme not in {"http", "https"} or not has_host:
        raise ModelError(f"{where}: the URL is {url!r}, and should read http(s)://HOST[:PORT]/v1")
    if (path := url.rstrip("/")).endswith(CHAT):
        raise ModelError(
            f"{where}: the URL is {url!r}; leave {CHAT} out, which is added: "
            f"{path.removesuffix(CHAT)}"
        )
