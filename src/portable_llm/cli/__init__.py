"""The command line: one module per command, discovered.

Every module here without an underscore holds a `command`. Errors are one line with the remedy; exit codes are in
`EXIT_CODES` and in the reference.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

EXIT_CODES = {
    0: "done; for a comparison: portable",
    1: "not portable",
    2: "inconclusive",
    3: "incomplete: evidence is missing",
    4: "your turn: wrong arguments, missing key, a request the target does not honour",
    5: "the provider's turn: rate limit, overload, failure, unreadable answer",
    6: "an answer came and is not the value asked for: refused or invalid",
    130: "interrupted",
}


def commands() -> dict[str, click.Command]:
    """All commands by name."""
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            found[module.name] = importlib.import_module(f"{__name__}.{module.name}").command
    return found


def main() -> None:
    """Entry point of `portable-llm`."""
    try:
        import click
    except ImportError:
        print("error: the command line needs more packages: pip install 'portable-llm[conformance]'", file=sys.stderr)
        raise SystemExit(4) from None
    from portable_llm import __version__

    group = click.Group(
        "portable-llm",
        commands=commands(),
        help="Switch LLM vendors without silent differences.",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    click.version_option(__version__, prog_name="portable-llm")(group)
    raise SystemExit(run(group, sys.argv[1:]))


def run(group: click.Group, arguments: list[str]) -> int:
    """Run the group and give its exit code; nothing but `SystemExit` and bugs get past it."""
    import click

    from portable_llm.cli._shared import exit_code_of, explain

    try:
        result = group.main(arguments, prog_name="portable-llm", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return 4
    except click.UsageError as error:
        _say(error.format_message().rstrip(".") + (f"; see {error.ctx.command_path} --help" if error.ctx else ""))
        return 4
    except click.ClickException as error:
        _say(error.format_message())
        return 4
    except (click.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone: nothing to tell it
        return 0
    except Exception as error:
        code = exit_code_of(error)
        if code is None:
            raise
        _say(explain(error))
        return code
    return result if isinstance(result, int) else 0


def _say(message: str) -> None:
    print("error: " + " ".join(message.split()), file=sys.stderr)
