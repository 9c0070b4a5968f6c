"""The signed sample's office and page: what waits for the token is a real document."""

from tests.minutes.conftest import content, heading, office, page, proceedings, signers, typesetter  # noqa: F401
