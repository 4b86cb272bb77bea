import pytest

from tests.training.fakes import configured


@pytest.fixture(scope="session", autouse=True)
def _composed():
    """Composing a configuration takes most of a second, once."""
    configured()
