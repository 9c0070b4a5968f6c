"""The agent's command line: `giaoban agent ORIGIN --module DRIVER`, on Windows `py -m server.agent`."""

import importlib
import importlib.util
import sys
from typing import Annotated

import typer

from server.agent import AGENT_PORT
from server.errors import SetupError
from server.i18n import N_
from server.terminal import Terminal, in_words, without_language

console = Terminal()
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command("agent", help=N_("Trên máy của người ký: cho một hệ thống xin chữ ký bằng thiết bị ký số đang cắm."))
def agent(
    origin: Annotated[str, typer.Argument(help=N_("Hệ thống được phép xin chữ ký: https://…"))],
    module: Annotated[
        str, typer.Option(help=N_("Trình điều khiển của thiết bị ký số (PKCS#11): đường dẫn tới thư viện."))
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help=N_("Cổng tại 127.0.0.1; 0 là cổng bất kỳ."))] = AGENT_PORT,
) -> None:
    if importlib.util.find_spec("pkcs11") is None:  # an extra of the installation; without it there is still the help
        text = N_(
            "Máy này chưa có phần đọc thiết bị ký số. Xin cài thêm, tại thư mục mã nguồn: %(python)s -m pip install "
            '".[agent]"; hoặc từ tệp cài đặt do cơ quan cấp: %(python)s -m pip install "TỆP.whl[agent]".'
        )
        raise SetupError(text, python="py" if sys.platform == "win32" else "python3")
    importlib.import_module("server.agent.serving").run(console, origin, module, port)


def main() -> None:
    """Entry point: one clear sentence and exit code 2 for what the operator must change."""
    try:
        arguments, language = without_language(sys.argv[1:])
        console.begin(language)
        in_words(cli, console.reader)(arguments)
    except SetupError as error:
        print(f"giaoban: {console.reader.gettext(error.text, **error.values)}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
