"""Write the reference pages that the code decides: `make docs` does.

    docs/cli.md             every command and option, from what declares them
    docs/configuration.md   every key of every file of settings, from the values that read them

`--check` writes nothing, and fails where a page is not current.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from settings_reference import NOTE, configuration, sentence, table

from pytest_llmops.cli.main import _parser
from pytest_llmops.session.declared import declare

DOCS = Path(__file__).parents[1] / "docs"


def commands(parser: argparse.ArgumentParser, said: str = "") -> Iterator[tuple[Any, str]]:
    """Every command that can be called, with what the list of commands says of it."""
    below = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not below:
        yield parser, said
    for action in below:
        told = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for name, command in action.choices.items():
            yield from commands(command, told[name])


NUMBER = {"*": "[{} ...]", "+": "{0} [{0} ...]", "?": "[{}]"}
"""How a command line shows that an argument may be repeated or left out."""


def value_of(action: argparse.Action) -> str:
    """What stands for the value of an option or argument; "" for a switch."""
    if action.metavar or action.nargs == 0:
        return str(action.metavar or "")
    return "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()


def named(action: argparse.Action) -> str:
    """An option or argument as a user writes it."""
    value = value_of(action)
    names = [f"{name} {value}".strip() for name in action.option_strings] or [value]
    return ", ".join(f"`{name}`" for name in names)


def usage(command: argparse.ArgumentParser) -> str:
    """One line: what must be named, and that there are options."""
    words = ["usage:", command.prog, "[OPTIONS]"]
    for one in command._actions:
        if one.option_strings:
            words += [f"{one.option_strings[0]} {value_of(one)}"] if one.required else []
        else:
            words.append(NUMBER.get(str(one.nargs), "{}").format(value_of(one)))
    return " ".join(words)


def options_of_pytest() -> Iterator[tuple[str, str]]:
    """What the plugin adds to the command line of pytest."""
    parser = argparse.ArgumentParser(add_help=False)
    declare(parser.add_argument)
    for action in parser._actions:
        yield named(action), sentence(str(action.help))


def cli() -> str:
    """The page of commands and options."""
    parts = [
        "# Commands and options\n",
        NOTE,
        "Everything that `--help` lists: the options that the plugin adds to pytest, and the\n"
        "commands of `llmops`. [Running benchmarks](running.md) explains the options of pytest.\n",
        "## pytest\n",
        "Each option has a second name that no other plugin takes: `--llmops-model` for\n"
        "`--model`, and so on.\n",
        table(("Option", "Meaning"), options_of_pytest()),
        "## llmops\n",
        "They read the same settings as pytest ([configuration](configuration.md)). The exit\n"
        "status is 0 if all went well, and 2 for an error that the message tells you how to\n"
        "mend. [The gate](gate.md) has its own: 0, 1 and 6.\n",
    ]
    for command, said in commands(_parser()):
        shown = [one for one in command._actions if not isinstance(one, argparse._HelpAction)]
        parts += [f"### {command.prog}\n", f"{said[:1].upper()}{said[1:]}.\n" if said else ""]
        parts.append(f"```\n{usage(command)}\n```\n")
        rows = [(named(one), sentence(str(one.help or ""))) for one in shown]
        parts.append(table(("Argument", "Meaning"), rows))
    return "\n".join(part for part in parts if part)


PAGES = {"cli.md": cli, "configuration.md": configuration}


def main() -> None:
    """Write the pages, or check that they are current."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if not current")
    options = parser.parse_args()
    for name, write in PAGES.items():
        page, text = DOCS / name, write()
        if not options.check:
            page.write_text(text, "utf-8")
        elif not page.exists() or page.read_text("utf-8") != text:
            sys.exit(f"reference: docs/{name} is not current: run `make docs`")


if __name__ == "__main__":
    main()
