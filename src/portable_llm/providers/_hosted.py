"""Services that speak Chat Completions over the network: one row each.

A row says only where a service differs from what any host of the protocol takes (`compatible`).
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm._capabilities import Fact
from portable_llm.providers._compatible import (
    ENABLE_THINKING,
    MAX_COMPLETION_TOKENS,
    RECORDED,
    STALE,
    THINKING_SWITCH,
    all_of,
    efforts,
    ignored,
    no,
    row,
    rule,
    yes,
)

_PENALTIES = ("sampling/presence_penalty", "sampling/frequency_penalty")
_DRAWING = ("sampling/temperature", "sampling/top_p", *_PENALTIES)
_SDK_GROQ, _SDK_CEREBRAS, _SDK_TOGETHER = "groq 1.7.0 types", "cerebras-cloud-sdk 1.91.0 types", "together 3.1.1 types"

# ---- Groq ------------------------------------------------------------------------------------------------------------

_GROQ = f"Groq {STALE}"
GROQ = row(
    "groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY",
    facts={
        **all_of(no(_GROQ, "not supported by any model"), "sampling/logprobs", "sampling/logit_bias", *_PENALTIES),
        "metadata": no(_GROQ, "not taken"),
        "tools/count": yes(_GROQ, maximum=128),
        "stop": yes(_GROQ, maximum=4),
        "output/native": no(_GROQ, "json_schema is for listed models only; any JSON elsewhere"),
        "output/with_tools": no(_GROQ, "some models refuse structured output beside tools"),
        "reasoning/effort": no(_GROQ, "only gpt-oss and qwen models take it"),
    },
    spelling=MAX_COMPLETION_TOKENS,
    models=(
        rule(
            r"(openai/)?gpt-oss-.*",
            {
                "output/native": yes(_GROQ, note="strict is honoured"),
                "tools/strict": yes(_GROQ),
                "reasoning/effort": efforts(_SDK_GROQ, "low", "medium", "high"),
            },
            {"reasoning/default": "on", "tools/strict_dialect": "openai-strict", "output/strict": "opt_in"},
        ),
        rule(
            r"(qwen/)?qwen.*",
            {"reasoning/effort": efforts(_SDK_GROQ, "none", "medium", note="any effort is sent as 'default'")},
            {
                "reasoning/default": "on",
                "reasoning/effort": "",
                "reasoning/on": "reasoning_effort=default",
                "reasoning/off": "reasoning_effort=none",
            },
        ),
    ),
    documentation="https://console.groq.com/docs/api-reference",
)  # fmt: skip

# ---- xAI -------------------------------------------------------------------------------------------------------------

_XAI = f"xAI {STALE}"
_XAI_REFUSED = no(_XAI, "reasoning models refuse it")
XAI = row(
    "xai", "xAI", "https://api.x.ai/v1", "XAI_API_KEY",
    facts={
        "reasoning/effort": no(_XAI, "a matter of the model's name, unless its rule says otherwise"),
        "output/native": yes(_XAI, note="since grok-2-1212; minLength, maxLength and allOf are not held"),
    },
    models=(
        rule(r"grok-(3-mini|4)(?!.*non-reasoning).*", all_of(_XAI_REFUSED, "stop", *_PENALTIES)),
        rule(r"grok-3-mini.*", {"reasoning/effort": efforts(_XAI, "low", "high")}, {"reasoning/default": "on"}),
        rule(r"grok-4[.-]3.*", {"reasoning/effort": efforts(_XAI, "none", "low", "medium", "high")}),
    ),
    documentation="https://docs.x.ai/docs/api-reference",
)  # fmt: skip

# ---- DeepSeek --------------------------------------------------------------------------------------------------------

_DEEPSEEK, _DEEPSEEK_REC = f"DeepSeek {STALE}", f"DeepSeek {RECORDED}"
_NO_IMAGES = no(_DEEPSEEK_REC, "'unknown variant image_url, expected text' (400)")
_WITHOUT_EFFECT = ignored(_DEEPSEEK, "accepted and without effect while it thinks")
_FORCED = no(_DEEPSEEK_REC, "'Thinking mode does not support this tool_choice' (400)")
DEEPSEEK = row(
    "deepseek", "DeepSeek", "https://api.deepseek.com", "DEEPSEEK_API_KEY",
    facts={
        **all_of(_NO_IMAGES, "parts/image", "parts/image_uri"),
        "output/native": no(_DEEPSEEK, "any JSON only; the messages must say JSON"),
        "output/json": yes(_DEEPSEEK, note="may come back empty"),
        **all_of(yes(_DEEPSEEK), "tools", "tool_choice/required", "tool_choice/named"),
        "tools/strict": no(_DEEPSEEK, "under the address /beta only"),
        "tools/count": yes(_DEEPSEEK, maximum=128),
        "stop": yes(_DEEPSEEK, maximum=16),
        "reasoning/effort": efforts(_DEEPSEEK, "none", "low", "high", "max"),
    },
    spelling={**THINKING_SWITCH, "reasoning/default": "on", "output/json": "by_name"},
    models=(
        rule(r".*", all_of(_WITHOUT_EFFECT, *_DRAWING), thinking=True),
        rule(r".*", all_of(_FORCED, "tool_choice/required", "tool_choice/named"), thinking=True),
        rule(r".*", {"sampling/logprobs": no(_DEEPSEEK, "refused while it thinks")}, thinking=True),
    ),
    documentation="https://api-docs.deepseek.com/api/create-chat-completion",
)  # fmt: skip

# ---- routers ---------------------------------------------------------------------------------------------------------

_OPENROUTER = f"OpenRouter {STALE}"
_SILENT_DROP = Fact(
    note="left out without a word for models that lack it, unless extra says provider.require_parameters"
)
OPENROUTER = row(
    "openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY",
    facts={
        **all_of(
            _SILENT_DROP, "sampling/top_k", "sampling/seed", "sampling/logit_bias", "sampling/logprobs", "tools/strict",
            "output/native", "output/json", "parallel_tool_calls", *_PENALTIES,
        ),
        "reasoning/effort": efforts(_OPENROUTER, "none", "minimal", "low", "medium", "high", "xhigh"),
        "reasoning/budget_tokens": yes(_OPENROUTER, minimum=1),
    },
    spelling={"reasoning/effort": "reasoning.effort", "reasoning/budget_tokens": "reasoning.max_tokens"},
    documentation="https://openrouter.ai/docs/api-reference/overview",
)  # fmt: skip
HUGGINGFACE = row(
    "huggingface", "Hugging Face router", "https://router.huggingface.co/v1", "HF_TOKEN",
    documentation="https://huggingface.co/docs/inference-providers",
)  # fmt: skip
VERCEL = row(
    "vercel", "Vercel AI Gateway", "https://ai-gateway.vercel.sh/v1", "AI_GATEWAY_API_KEY",
    documentation="https://vercel.com/docs/ai-gateway",
)  # fmt: skip
GITHUB = row(
    "github", "GitHub Models", "https://models.github.ai/inference", "GITHUB_TOKEN",
    documentation="https://docs.github.com/en/github-models",
)  # fmt: skip
LITELLM = row(
    "litellm", "LiteLLM proxy", None, "LITELLM_API_KEY", optional_key=True,
    documentation="https://docs.litellm.ai/docs/simple_proxy",
)  # fmt: skip

# ---- hosts of open models --------------------------------------------------------------------------------------------

_TOGETHER = f"Together {STALE}"
TOGETHER = row(
    "together", "Together AI", "https://api.together.ai/v1", "TOGETHER_API_KEY",
    facts={
        "sampling/top_k": yes(_SDK_TOGETHER, minimum=1),
        "sampling/logprobs": no(_SDK_TOGETHER, "a number here, not true or false; ask for it through extra"),
    },
    documentation="https://docs.together.ai/reference/chat-completions",
)  # fmt: skip
_FIREWORKS = f"Fireworks {STALE}"
FIREWORKS = row(
    "fireworks", "Fireworks AI", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY",
    facts={
        "sampling/top_k": yes(_FIREWORKS, minimum=0),
        "output/native": yes(_FIREWORKS, note="a oneOf stands alone, strings have no length limits"),
        "reasoning/effort": efforts(_FIREWORKS, "none", "low", "medium", "high"),
        "metadata": no(_FIREWORKS, "'Extra inputs are not permitted' (400)"),
    },
    documentation="https://docs.fireworks.ai/api-reference/post-chatcompletions",
)  # fmt: skip
_CEREBRAS = f"Cerebras {STALE}"
CEREBRAS = row(
    "cerebras", "Cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY",
    facts={
        "reasoning/effort": efforts(_SDK_CEREBRAS, "none", "low", "medium", "high"),
        "output/native": yes(_CEREBRAS, note="at most 5,000 characters, 10 levels, 500 members; no pattern, no format"),
        "output/with_tools": no(_CEREBRAS, "refused in streams"),
    },
    spelling=MAX_COMPLETION_TOKENS,
    documentation="https://inference-docs.cerebras.ai/api-reference/chat-completions",
)  # fmt: skip
_PERPLEXITY = f"Perplexity {STALE}"
PERPLEXITY = row(
    "perplexity", "Perplexity", "https://api.perplexity.ai", "PERPLEXITY_API_KEY",
    facts={
        **all_of(no(_PERPLEXITY, "not taken"), "tools", "sampling/seed", "sampling/logprobs", "stop"),
        "messages/late_system": no(_PERPLEXITY, "turns must alternate after the system text (400)"),
        "messages/prefill": no(_PERPLEXITY, "the last message must be the user's (400)"),
        "output/native": yes(_PERPLEXITY, note="the first use of a schema takes up to 30 s"),
    },
    spelling={"messages/neighbours": "joined"},
    documentation="https://docs.perplexity.ai/api-reference/chat-completions-post",
)  # fmt: skip
CLOUDFLARE = row(
    "cloudflare", "Cloudflare Workers AI", None, "CLOUDFLARE_API_TOKEN",
    documentation="https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/",
)  # fmt: skip
DATABRICKS = row(
    "databricks", "Databricks", None, "DATABRICKS_TOKEN",
    documentation="https://docs.databricks.com/aws/en/machine-learning/model-serving/score-foundation-models",
)  # fmt: skip
SNOWFLAKE = row(
    "snowflake", "Snowflake Cortex", None, "SNOWFLAKE_PAT",
    documentation="https://docs.snowflake.com/en/user-guide/snowflake-cortex/open_ai_sdk",
)  # fmt: skip
WRITER = row(
    "writer", "Writer", "https://api.writer.com/v1", "WRITER_API_KEY", spelling={"path": "/chat"},
    documentation="https://dev.writer.com/api-reference/completion-api/chat-completion",
)  # fmt: skip
VENICE = row(
    "venice", "Venice", "https://api.venice.ai/api/v1", "VENICE_API_KEY",
    documentation="https://docs.venice.ai/api-reference",
)  # fmt: skip
NVIDIA = row(
    "nvidia", "NVIDIA NIM", "https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY",
    documentation="https://docs.api.nvidia.com/nim/reference/llm-apis",
)  # fmt: skip
AVIAN = row("avian", "Avian", "https://api.avian.io/v1", "AVIAN_API_KEY")
BASETEN = row("baseten", "Baseten", "https://inference.baseten.co/v1", "BASETEN_API_KEY")
CRUSOE = row("crusoe", "Crusoe", "https://api.inference.crusoecloud.com/v1", "CRUSOE_API_KEY")
DEEPINFRA = row("deepinfra", "DeepInfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY")
DOUBLEWORD = row("doubleword", "Doubleword", "https://api.doubleword.ai/v1", "DOUBLEWORD_API_KEY")
HYPERBOLIC = row("hyperbolic", "Hyperbolic", "https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY")
NEBIUS = row("nebius", "Nebius Token Factory", "https://api.tokenfactory.nebius.com/v1", "NEBIUS_API_KEY")
NOVITA = row("novita", "Novita AI", "https://api.novita.ai/openai", "NOVITA_API_KEY")
SAMBANOVA = row("sambanova", "SambaNova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY")

# ---- makers of models in China ---------------------------------------------------------------------------------------

_DASHSCOPE = "DashScope docs"
_OPEN_QWEN = r"qwen3-(?!.*(instruct|coder|vl-plus|max)).*"
DASHSCOPE = row(
    "dashscope", "Alibaba Cloud Model Studio (Qwen)", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "DASHSCOPE_API_KEY",
    facts={
        "sampling/top_k": yes(_DASHSCOPE, minimum=0),
        "tool_choice/required": no(_DASHSCOPE, "auto, none or a named tool"),
        "output/native": no(_DASHSCOPE, "qwen3.8-max and selected qwen3.7 models only"),
        "output/json": yes(_DASHSCOPE, note="the messages must say JSON"),
        "reasoning/effort": efforts(_DASHSCOPE, "none", "medium", note="a switch: any effort turns thinking on"),
        "reasoning/budget_tokens": yes(_DASHSCOPE, minimum=1),
    },
    spelling={**ENABLE_THINKING, "reasoning/budget_tokens": "thinking_budget", "output/json": "by_name"},
    models=(
        rule(r"qwen3\.8-max.*", {"output/native": yes(_DASHSCOPE)}),
        rule(r"qwen3\.\d.*|" + _OPEN_QWEN, spelling={"reasoning/default": "on"}),
        rule(
            r".*",
            all_of(
                no(_DASHSCOPE, "refused while it thinks"),
                "tool_choice/named", "tool_choice/required", "output/native", "output/json",
            ),
            thinking=True,
        ),
    ),
    documentation="https://www.alibabacloud.com/help/en/model-studio/qwen-api-reference",
)  # fmt: skip
_MOONSHOT = "Moonshot docs"
_FIXED = no(_MOONSHOT, "fixed for kimi models: 'only 1 is allowed for this model' (400)")
MOONSHOT = row(
    "moonshot", "Moonshot AI (Kimi)", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY", "KIMI_API_KEY",
    facts={
        "tools/strict": no(_MOONSHOT, "functions have no such field"),
        "reasoning/effort": no(_MOONSHOT, "moonshot-v1 does not think"),
        "messages/prefill": yes(_MOONSHOT, note="sent with partial: true"),
    },
    spelling={**MAX_COMPLETION_TOKENS, "messages/prefill": "partial"},
    models=(
        rule(r"kimi-.*", all_of(_FIXED, *_DRAWING)),
        rule(
            r"kimi-k2[.-][56].*",
            {"reasoning/effort": efforts(_MOONSHOT, "none", "medium", note="a switch: any effort turns thinking on")},
            {**THINKING_SWITCH, "reasoning/effort": "", "reasoning/default": "on"},
        ),
        rule(
            r"kimi-(k3|k2[.-]7-code).*",
            {"reasoning/effort": efforts(_MOONSHOT, "low", "high", "max")},
            {"reasoning/default": "on"},
        ),
        rule(
            r"kimi-.*",
            {"tool_choice/required": no(f"Moonshot {STALE}", "refused by models that think")},
            thinking=True,
        ),
    ),
    documentation="https://platform.moonshot.ai/docs/api/chat",
)  # fmt: skip
_ZAI = "Z.ai docs"
_ZAI_FACTS: Mapping[str, Fact] = {
    **all_of(no(_ZAI, "not taken"), *_PENALTIES, "sampling/logit_bias", "sampling/logprobs", "tools/strict"),
    **all_of(no(_ZAI, "tool_choice is auto only"), "tool_choice/required", "tool_choice/named", "tool_choice/none"),
    "sampling/temperature": yes(f"Z.ai {STALE}", 0, 1),
    "sampling/top_p": yes(f"Z.ai {STALE}", 0.01, 1),
    "stop": yes(f"Z.ai {STALE}", maximum=1),
    "output/native": no(f"Z.ai {STALE}", "any JSON only"),
    "output/json": yes(f"Z.ai {STALE}"),
    "reasoning/effort": efforts(_ZAI, "none", "medium", note="a switch: any effort turns thinking on"),
}
ZAI = row(
    "zai", "Z.ai (GLM)", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY", "ZHIPUAI_API_KEY",
    facts=_ZAI_FACTS,
    spelling={**THINKING_SWITCH, "reasoning/effort": "", "stream_options": "", "output/json": "by_name"},
    models=(
        rule(r"glm-(4[.-]7|5).*", spelling={"reasoning/default": "on"}),
        rule(
            r"glm-5[.-]3.*",
            {"reasoning/effort": efforts(_ZAI, "low", "high", "max", note="cannot be switched off")},
            {"reasoning/effort": "reasoning_effort"},
        ),
    ),
    documentation="https://docs.z.ai/api-reference/llm/chat-completion",
)  # fmt: skip
_MINIMAX = "MiniMax docs"
_UNDOCUMENTED = Fact(note="MiniMax documents no such field")
MINIMAX = row(
    "minimax", "MiniMax", "https://api.minimax.io/v1", "MINIMAX_API_KEY",
    facts={
        **all_of(
            _UNDOCUMENTED, "tool_choice/required", "tool_choice/named", "tool_choice/none", "tools/strict",
            "output/native", "output/json", "sampling/seed", "parallel_tool_calls", *_PENALTIES,
        ),
        "reasoning/effort": no(_MINIMAX, "M2 models always think"),
    },
    spelling=MAX_COMPLETION_TOKENS,
    models=(
        rule(r"(?i:minimax-m2).*", spelling={"reasoning/default": "on"}),
        rule(
            r"(?i:minimax-m3).*",
            {"reasoning/effort": efforts(_MINIMAX, "none", "medium", note="a switch: any effort is 'adaptive'")},
            {
                "reasoning/default": "on",
                "reasoning/effort": "",
                "reasoning/on": "thinking.type=adaptive",
                "reasoning/off": "thinking.type=disabled",
            },
        ),
    ),
    documentation="https://platform.minimax.io/docs/api-reference/text-post",
)  # fmt: skip

# ---- compatible layers of other vendors ------------------------------------------------------------------------------

GOOGLE_OPENAI = row(
    "google-openai", "Google Gemini, OpenAI layer", "https://generativelanguage.googleapis.com/v1beta/openai",
    "GEMINI_API_KEY", "GOOGLE_API_KEY",
    documentation="https://ai.google.dev/gemini-api/docs/openai",
)  # fmt: skip
_LAYER = "Anthropic docs"
ANTHROPIC_OPENAI = row(
    "anthropic-openai", "Anthropic, OpenAI layer for tests", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY",
    facts={
        **all_of(
            ignored(_LAYER, "the layer ignores it"),
            "tools/strict", "output/native", "output/json", "sampling/logprobs", "sampling/seed", "parts/audio",
        ),
        "sampling/temperature": yes(_LAYER, 0, 1),
        "messages/late_system": no(_LAYER, "system texts are joined and put first"),
    },
    documentation="https://docs.claude.com/en/api/openai-sdk",
)  # fmt: skip
BEDROCK_OPENAI = row(
    "bedrock-openai", "Amazon Bedrock, OpenAI endpoint", "https://bedrock-mantle.us-east-1.api.aws/v1",
    "AWS_BEARER_TOKEN_BEDROCK",
    documentation="https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html",
)  # fmt: skip

ROWS = (
    ANTHROPIC_OPENAI, AVIAN, BASETEN, BEDROCK_OPENAI, CEREBRAS, CLOUDFLARE, CRUSOE, DASHSCOPE, DATABRICKS, DEEPINFRA,
    DEEPSEEK, DOUBLEWORD, FIREWORKS, GITHUB, GOOGLE_OPENAI, GROQ, HUGGINGFACE, HYPERBOLIC, LITELLM, MINIMAX, MOONSHOT,
    NEBIUS, NOVITA, NVIDIA, OPENROUTER, PERPLEXITY, SAMBANOVA, SNOWFLAKE, TOGETHER, VENICE, VERCEL, WRITER, XAI, ZAI,
)  # fmt: skip
