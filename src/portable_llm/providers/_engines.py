"""Engines that people run themselves and that speak Chat Completions: one row each.

The address is the engine's default port on this machine; `engine:MODEL@http://host:port/v1` names another, and the key
in the environment is the user's own there too.
"""

from __future__ import annotations

from portable_llm.providers._compatible import RECORDED, STALE, TEMPLATE_THINKING, efforts, no, row, yes

_VLLM, _SGLANG = f"vLLM {STALE}", f"SGLang {STALE}"
_SWITCH = "a switch in the chat template: any effort turns thinking on"

VLLM = row(
    "vllm", "vLLM", "http://localhost:8000/v1", "VLLM_API_KEY",
    facts={
        "sampling/top_k": yes(_VLLM, minimum=-1),
        "reasoning/effort": efforts(_VLLM, "none", "medium", note=_SWITCH),
    },
    spelling={**TEMPLATE_THINKING, "tokens/count": "vllm-tokenize"},
    is_self_hosted=True,
    documentation="https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
)  # fmt: skip
SGLANG = row(
    "sglang", "SGLang", "http://localhost:30000/v1", "SGLANG_API_KEY",
    facts={
        "sampling/top_k": yes(_SGLANG, minimum=-1),
        "reasoning/effort": efforts(_SGLANG, "none", "medium", note=_SWITCH),
    },
    spelling=TEMPLATE_THINKING,
    is_self_hosted=True,
    documentation="https://docs.sglang.ai/basic_usage/openai_api_completions.html",
)  # fmt: skip
_LLAMACPP = f"llama.cpp {RECORDED}"
LLAMACPP = row(
    "llamacpp", "llama.cpp server", "http://localhost:8080/v1", "LLAMA_API_KEY",
    facts={
        "sampling/top_k": yes(f"llama.cpp {STALE}", minimum=0),
        "output/native": yes(_LLAMACPP, note="a grammar holds the answer"),
        "output/json": yes(_LLAMACPP),
        "tools": yes(_LLAMACPP, note="needs the flag --jinja (500 without)"),
        "tools/strict": no(f"llama.cpp {STALE}", "the field is not read; a grammar holds arguments"),
        "reasoning/effort": efforts(f"llama.cpp {STALE}", "none", "medium", note=_SWITCH),
    },
    spelling={**TEMPLATE_THINKING, "output/dialect": "llama-cpp", "tokens/count": "llama-cpp-template"},
    is_self_hosted=True,
    documentation="https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
)  # fmt: skip
LMSTUDIO = row(
    "lmstudio", "LM Studio", "http://localhost:1234/v1", "LM_API_TOKEN",
    facts={
        "output/native": yes(f"LM Studio {STALE}"),
        "output/json": no(f"LM Studio {STALE}", "json_object is refused by some versions; give a schema"),
    },
    is_self_hosted=True,
    documentation="https://lmstudio.ai/docs/developer/openai-compat",
)  # fmt: skip
MISTRALRS = row(
    "mistralrs", "mistral.rs", "http://localhost:1234/v1", "MISTRALRS_API_KEY",
    is_self_hosted=True,
    documentation="https://github.com/EricLBuehler/mistral.rs/blob/master/docs/HTTP.md",
)  # fmt: skip
NIM = row(
    "nim", "NVIDIA NIM container", "http://localhost:8000/v1", "NIM_API_KEY",
    spelling=TEMPLATE_THINKING,
    is_self_hosted=True,
    documentation="https://docs.nvidia.com/nim/large-language-models/latest/api-reference.html",
)  # fmt: skip

ROWS = (LLAMACPP, LMSTUDIO, MISTRALRS, NIM, SGLANG, VLLM)
