"""What pip is configured for, told to uv: index, mirrors, folders of wheels, certificate, proxy.

uv does not read pip's configuration. A machine that has one needs it, to reach a company's mirror
or to take another build of torch. Variables of uv's own (`UV_DEFAULT_INDEX`, `UV_TORCH_BACKEND`)
come first where they are set.

This file must parse on any Python 3, as setup.py imports it; newer syntax stays out.
"""

import ast
import os
import re
import subprocess

VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
}
"""pip's setting, and the variable that says the same to uv."""
SECTIONS = ("global", "install", ":env:")
"""Where pip looks, the strongest last."""


def settings(listing):
    """Settings of pip in force, from the output of `pip config list`."""
    found = {}
    for section in SECTIONS:
        for name, value in re.findall(r"^%s\.([a-z-]+)=(.+)$" % section, listing, re.MULTILINE):
            found[name] = ast.literal_eval(value)
    return found


def translated(found):
    """The variables that say to uv what `found` says to pip."""
    values = {VARIABLES[name]: found[name].split() for name in VARIABLES if found.get(name)}
    variables = {name: " ".join(parts) for name, parts in values.items()}
    links = [
        link for link in values.get("UV_FIND_LINKS", ()) if "://" in link or os.path.exists(link)
    ]
    if links:  # pip passes over a folder that is not there
        variables["UV_FIND_LINKS"] = ",".join(links)
    else:
        variables.pop("UV_FIND_LINKS", None)
    if "UV_INDEX" in variables:  # pip takes the best version of all indexes, uv the first index's
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return variables


def environment(python):
    """The environment for uv: pip's settings below what is set already."""
    command = [python, "-m", "pip", "config", "list"]
    listing = subprocess.check_output(command).decode("utf-8", "replace")
    variables = translated(settings(listing))
    variables.update(os.environ)
    variables.pop("VIRTUAL_ENV", None)  # the environment to install into is named
    return variables
