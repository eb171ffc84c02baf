"""What `scripts/calibrate_tokens.py` and `scripts/token_pages.py` share: texts, vocabularies, recorded traffic."""
