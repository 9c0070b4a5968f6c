"""What the command line says, and in which language: that of --lang, else of the installation, else Vietnamese."""

from collections.abc import Callable, Sequence

from rich.console import Console
from typer import Typer
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.main import get_command

from server.errors import SetupError
from server.i18n import LANGUAGES, N_, Reader


class Terminal(Console):
    """A console that speaks the language of whoever runs a command. `asked`: of --lang, which outdoes the
    installation's."""

    def __init__(self) -> None:
        super().__init__(highlight=False, soft_wrap=True)
        self.asked: str | None = None
        self.reader = Reader("vi")

    def begin(self, asked: str | None) -> None:
        """A command begins, for which this language was asked for, if any."""
        self.asked, self.reader = asked, Reader(asked or "vi")

    def speak(self, language: str) -> None:
        """Speak the installation's language from now on, unless another one was asked for."""
        if self.asked is None:
            self.reader = Reader(language)

    def say(self, text: str, **values: object) -> None:
        """Print a msgid with its values, in the language that is spoken."""
        self.print(self.reader.gettext(text, **values), markup=False)


def without_language(arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """The arguments without --lang, wherever it stands, and what it asks for. Raises SetupError."""
    rest: list[str] = []
    language: str | None = None
    waiting = iter(arguments)
    for one in waiting:
        name, _, value = one.partition("=")
        if name != "--lang":
            rest.append(one)
            continue
        language = value or next(waiting, "")
        if language not in LANGUAGES:
            raise SetupError(N_("--lang là một trong %(known)s."), known=", ".join(LANGUAGES))
    return rest, language


def in_words(program: Typer, reader: Reader) -> Callable[[Sequence[str]], object]:
    """What runs the program's commands; what these say of themselves (--help) is in the reader's language. Headings
    and complaints of Typer's own stay English."""
    commands = [get_command(program)]
    for command in commands:
        for one in command.params:
            if isinstance(one, TyperOption | TyperArgument) and one.help:
                one.help = reader.gettext(one.help)
        command.help = reader.gettext(command.help) if command.help else None
        if isinstance(command, TyperGroup):
            commands += command.commands.values()
    return commands[0]
