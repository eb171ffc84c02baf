"""Hypothesis without a deadline here: scipy is loaded inside the first example that needs it."""

from hypothesis import settings

settings.register_profile("conformance", deadline=None, max_examples=50)
settings.load_profile("conformance")
