"""How many tokens a request is, how sure that number is, and what it costs.

Exact where the model's vocabulary is public and lies on this machine (nothing is ever downloaded); otherwise estimated,
with a bound that is stated and was checked on texts that had no part in it.
"""

from portable_llm.tokens._count import Method, TokenCount
from portable_llm.tokens._prices import Cost, cost_between, cost_of
from portable_llm.tokens._request import count_message, count_request, count_text
from portable_llm.tokens._tokenizers import tokenizer_names

__all__ = [
    "Cost",
    "Method",
    "TokenCount",
    "cost_between",
    "cost_of",
    "count_message",
    "count_request",
    "count_text",
    "tokenizer_names",
]
