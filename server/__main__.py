"""`giaoban` and `python -m server`; `giaoban --help` lists the commands."""

# ruff: noqa: E402
import gc

gc.disable()  # what is imported stays; to look through it for garbage, again and again, took a third of the start

import sys
from typing import Annotated

import typer

from minutes.errors import Reason
from server.commands import console, documents, export, keeping, meetings, serving
from server.errors import SetupError
from server.i18n import LANGUAGES, N_
from server.pages.wording import told
from server.terminal import in_words, without_language

gc.freeze()
gc.enable()

PURPOSE = N_("Giaoban: từ giấy mời đến văn bản đã ký số, đăng công khai và lưu trữ.")

cli = typer.Typer(help=PURPOSE, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
for group in (serving, meetings, documents, export, keeping):
    cli.add_typer(group.cli)


@cli.callback(help=PURPOSE)
def languages(
    _lang: Annotated[
        str,
        typer.Option(
            "--lang", metavar="|".join(LANGUAGES), help=N_("Ngôn ngữ của lệnh; đặt trước hay sau lệnh đều được.")
        ),
    ] = "vi",
) -> None:
    """Taken out of the arguments by `main`, wherever it stands; here only for --help."""


def main() -> None:
    """Entry point: one clear sentence and exit code 2 for what the operator must change."""
    try:
        arguments, language = without_language(sys.argv[1:])
        console.begin(language)
        in_words(cli, console.reader)(arguments)
    except SetupError as error:
        print(f"giaoban: {told(Reason(error.text, **error.values), console.reader)}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
