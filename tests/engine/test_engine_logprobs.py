"""Log-probabilities of a real engine: the same tokens, whole and streamed."""

from __future__ import annotations

import pytest

from engine import Engine
from portable_llm import Client, Sampling

pytestmark = pytest.mark.engine


def test_a_stream_has_the_tokens_of_the_whole_answer(local_engine: Engine) -> None:
    model = f"llamacpp:{local_engine.model}@{local_engine.url}/v1"
    asked = {"max_output_tokens": 12, "sampling": Sampling(temperature=0.0, logprobs=2)}
    with Client(on_loss="never") as client:
        whole = client.chat(model, "Name three colours.", **asked)
        with client.stream(model, "Name three colours.", **asked) as stream:
            streamed = stream.finish()

    assert whole.logprobs is not None
    assert streamed.logprobs is not None
    assert "".join(token.token for token in whole.logprobs) == whole.text
    # The engine ends a whole answer with a token without text, which it leaves out of a stream.
    said = [token.token for token in whole.logprobs if token.token]
    assert [token.token for token in streamed.logprobs] == said
    assert all(token.logprob is not None and token.logprob <= 0 and len(token.top) == 2 for token in whole.logprobs)
