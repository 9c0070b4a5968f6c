"""The beginning of an installation: the first unit and its administrator, made once, where there is nobody yet.

The address at which that is done is printed in the terminal of whoever starts the server. Its token is of no use as
soon as there is a unit.
"""

from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection

from server import auth, directory
from server.administration import TERMINAL, Official, UnitValues, put_down_people, put_down_unit
from server.auth import Tokens
from server.config import Config
from server.database import Database
from server.errors import Problem, SetupError
from server.i18n import N_
from server.records_keys import begin_keys
from server.terminal import Terminal


class Founding:
    """Given: settings and the console. Looks whether there is anybody, before the server starts, and says how to begin
    once it runs."""

    def __init__(self, config: Config, console: Terminal) -> None:
        self._config = config
        self._console = console
        self._wanted = False

    async def prepare(self, config: Config) -> None:
        """Make what an empty installation needs to start. Raises SetupError."""
        try:
            async with Database(config.database_url) as database:
                await database.migrate()
                async with database.read() as connection:
                    self._wanted = await empty(connection)
        except DatabaseError as error:
            raise SetupError(f"The database cannot be used: {error.orig}.") from error
        if self._wanted and not config.keys.exists():
            begin_keys(config.keys)

    def announce(self) -> None:
        """Print where to go."""
        base_url, say = self._config.base_url, self._console.say
        self._console.print(f"Giaoban: {base_url}")
        if self._wanted:
            token = Tokens(auth.load_secret(self._config.secret_file)).founding(auth.utcnow())
            say(N_("Hệ thống chưa có đơn vị và người dùng nào. Mở đường dẫn sau để bắt đầu (dùng được trong 24 giờ):"))
            self._console.print(f"{base_url}/begin#{token}")


async def empty(connection: AsyncConnection) -> bool:
    """Whether there is no unit yet, and so nobody."""
    return not await directory.standings(connection)


async def found(database: Database, unit: UnitValues, name: str, title: str, address: str) -> str:
    """The first unit and its administrator, whose id is returned. Raises Problem("already_begun")."""
    now = auth.utcnow()
    async with database.begin() as connection:
        if not await empty(connection):
            raise Problem("already_begun")
        unit_id = await put_down_unit(connection, unit, TERMINAL, now)
        first = Official(name, title, unit_id, frozenset({"administrator"}), address)
        return (await put_down_people(connection, [first], TERMINAL, now))[0]
