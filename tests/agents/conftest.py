import pytest

from tests.agents.builders import build


@pytest.fixture(scope="session", autouse=True)
def _composed(compose_config):
    """Composing a configuration takes most of a second, once; so does the first network."""
    build(compose_config)
