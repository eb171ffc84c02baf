"""Switch LLM vendors without silent differences."""
