"""The whole server, for the foreign programs that talk to it."""

from tests.server.conftest import demo_data, demo_on_postgresql, server, starting_data

__all__ = ["demo_data", "demo_on_postgresql", "server", "starting_data"]
