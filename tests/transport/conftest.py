"""Every behaviour is tested over every kind of driver and client."""

from __future__ import annotations

import pytest

from support.drivers import RUNNERS, Runner


@pytest.fixture(params=RUNNERS, ids=lambda runner: runner.name)
def runner(request: pytest.FixtureRequest) -> Runner:
    """Each way to run an exchange."""
    return request.param
