"""The page about providers is what the rows say."""

from __future__ import annotations

import provider_reference
from portable_llm.providers import provider_names


def test_the_committed_page_is_up_to_date():
    assert provider_reference.PAGE.read_text(encoding="utf-8") == provider_reference.page(), (
        "run scripts/provider_reference.py"
    )


def test_every_provider_is_on_the_page():
    page = provider_reference.page()

    assert [name for name in provider_names() if f"| `{name}` |" not in page] == []
