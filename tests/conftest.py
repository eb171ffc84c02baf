"""Fixtures that tests of several rooms share."""

from __future__ import annotations

pytest_plugins = ["support.engine"]
