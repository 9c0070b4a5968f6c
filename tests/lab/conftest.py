"""One network, one server and one browser a site for all tests of the lab; made when first asked for."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from server import auth
from tests.browser.room import enter
from tests.installation import Installation
from tests.lab.chromium import chromium, person
from tests.lab.firefox import Firefox, firefox
from tests.lab.network import HUB_ADDRESS, Network, Site, Unavailable
from tests.lab.scene import Scene

SITES = ("office", "commune")
PORT = 8080
ROOM = "/rooms/giao-ban"

Enter = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="package")
def network() -> Iterator[Network]:
    """Fails for root, who can make namespaces where anybody can; skips for everybody else, and says so."""
    try:
        made = Network.make(SITES)
    except Unavailable as error:
        refusal = f"network namespaces cannot be made (root, iproute2 and nftables are needed): {error}"
        if os.geteuid() == 0 or "CI" in os.environ:
            pytest.fail(refusal)
        pytest.skip(refusal)
    yield made
    made.close()


@pytest.fixture(scope="package")
def installation(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The server at the hub."""
    data = tmp_path_factory.mktemp("lab") / "giaoban-data"
    running = Installation(data, PORT, HUB_ADDRESS, network.hub.command)
    running.start()
    yield running
    running.stop()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browsers(
    network: Network, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Callable[[str], Awaitable[Browser]]]:
    """Chromium by its site's name."""
    folder = tmp_path_factory.mktemp("browsers")
    scene = Scene.make(folder)
    async with AsyncExitStack() as stack:
        running: dict[str, Browser] = {}

        async def browser(site: str) -> Browser:
            if site not in running:
                running[site] = await stack.enter_async_context(
                    chromium(network.sites[site], installation.url, scene, folder)
                )
            return running[site]

        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def entered(browsers: Callable[[str], Awaitable[Browser]], installation: Installation) -> AsyncIterator[Enter]:
    """A person at a site, in the meeting until the module's last test. An error in a page's script fails that."""
    faults: list[str] = []
    pages: dict[str, Page] = {}

    async def sit(who: str, site: str) -> Page:
        if who not in pages:
            page = pages[who] = await person(await browsers(site), installation.links[who])
            page.on("pageerror", lambda error: faults.append(f"{who}: {error}"))
            await enter(page, installation.url + ROOM)
        return pages[who]

    yield sit
    for page in pages.values():
        await page.context.close()
    assert not faults


@pytest.fixture
def commune(network: Network) -> Iterator[Site]:
    """The site whose line is spoiled; afterwards it is good again."""
    yield network.sites["commune"]
    network.sites["commune"].line()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def fox(network: Network, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firefox]:
    """Firefox at the commune."""
    async with firefox(network.sites["commune"], Path(tmp_path_factory.mktemp("fox"))) as driver:
        yield driver


@pytest.fixture
def token(installation: Installation) -> Callable[[str], str]:
    """An access token for the room by its role."""
    tokens = auth.Tokens(auth.load_secret(installation.data / "secret.key"))
    return lambda role: tokens.room("giao-ban", f"Máy {role}", role, f"t-{role}", auth.utcnow())
