"""The local engine for tests marked `engine`: one for the whole session, or a clear reason why there is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine import Engine, is_installed


@pytest.fixture(scope="session")
def local_engine() -> Iterator[Engine]:
    """A running engine that can call tools."""
    if not is_installed():
        pytest.skip("the local engine is not installed: scripts/install --engine")
    with Engine() as engine:
        yield engine
