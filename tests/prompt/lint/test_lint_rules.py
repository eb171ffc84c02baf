"""Each rule by what it finds, and by what it leaves alone."""

from __future__ import annotations

import pytest

from portable_llm.prompt.lint import RULES, Rule, lint

FOUND = {
    "special-token": [
        "[INST] {question} [/INST]",
        "<|start_header_id|>user<|end_header_id|>\n{question}<|eot_id|>",
        "<s> Be brief.",
        "Be brief.</s>",
        "<start_of_turn>user\nhello",
    ],
    "turn-marker": [
        "### Instruction:\n{x}\n\n### Response:",
        "USER: {x} ASSISTANT:",
        "Be brief.\n\nHuman: {x}\n\nAssistant:",
        "{{- end }}### Instruction:\n{{ .Prompt }}\n{{ end }}### Response:",
    ],
    "prefill": [
        "Human: {x}\nAssistant: Sure, here is the list:",
        "<|im_start|>user\n{x}<|im_end|>\n<|im_start|>assistant",
        '{{role "user"}}\n{{x}}\n{{role "model"}}\nI begin:',
        "system:\nBe brief.\nuser:\n{{x}}\nassistant:\nThe answer is",
    ],
    "completion-cue": [
        "Summarise.\n\n{text}\n\nSummary:",
        "Classify.\nURL: {url}\nOUTPUT:\n",
        "Say where.\n\nAnswer: {",
        "Write ideas on {topic}.\n1.",
        "- task: check\n  content: |\n    Is it safe?\n    Answer:\n- task: other\n  content: |\n    Say hello.",
    ],
    "step-by-step": [
        "Let's think step by step.",
        "Take a deep breath and think about the goal.",
        "Every answer is carefully thought out step by step.",
        "Take your time and think through every step.",
        "Solve the problem step by step.",
        "Show your reasoning, then the answer.",
        "Réfléchissez étape par étape, puis répondez.",
        "Please think\nstep by step about it.",
        "请逐步思考。",
    ],
    "effort-word": [
        "ultrathink",
        "What is 2 + 2? /no_think",
        "Think harder about edge cases.",
        "reasoning_effort: high",
    ],
    "xml-structure": [
        "<rules>\nBe brief.\n</rules>",
        "Write the answer within <answer></answer> XML tags.",
        "<document>{text}</document>",
    ],
    "json-by-prompt": [
        "Return ONLY valid JSON.",
        "Your answer must be a JSON object with the keys a and b.",
        "Give your answer as an array that can be used with JSON.parse().",
        'Your response should be in the following format:\n```\n{\n  "a": 1\n}\n```',
        'Text: cheese\nOutput:\n{"kind": "food"}',
        "Respond in YAML.",
    ],
    "tool-by-prompt": [
        "Thought: think\nAction: search[x]\nObservation: y",
        'To use a tool reply with {"tool": "name", "args": {}}.',
        '<tool_call>\n{"name": "f"}\n</tool_call>',
    ],
    "model-identity": [
        "You are Claude, an assistant.",
        "Never mention that you are GPT-4.",
        "You are a large language model trained by OpenAI.",
        "Claude should answer in French.",
    ],
    "model-pinned": [
        "---\nmodel: openai/gpt-4o\n---\nHello",
        "---\nmodel:\n  id: claude-sonnet-4-5\n---\nHello",
        "prompt: |\n  Hello\nllm:\n  model: 'gpt-4'\n",
    ],
    "model-limit": [
        "Keep it under 500 tokens.",
        "Facts after your knowledge cutoff are unknown.",
        "~4000 word limit for short term memory.",
    ],
    "vendor-tool": [
        "---\nname: x\ntools: Read, Write, Bash\n---\nReview the code.",
        "Write the list with TodoWrite.",
        "Read the file using the Read tool.",
        "- **Bash**: run tests\n- **Grep**: find code",
    ],
    "role-assumption": ["As the system message says, be brief.", "Follow the developer message above."],
    "negative-only": [
        "Never:\n- Skip the review\n- Ignore warnings\n- Argue",
        "## Rules\n\n1. Do not use jargon.\n2. Never mention prices.\n3. Avoid long words.",
    ],
    "contradiction": [
        "Respond only with the query string.\nRespond only with JSON.",
        "Do not use Markdown.\nWrite the answer in Markdown.",
        "Always use tables here.\nNever use tables here.",
        "Make your responses short.\nInclude more detail.",
    ],
    "template-leftover": ["Write for [INSERT AUDIENCE].", "You work for [YOUR COMPANY].", "TODO: say more\nBe brief."],
}

LEFT_ALONE = {
    "special-token": ["The <s>old</s> new price.", "Use `a[INDEX]` and <b>.", "<|startofinstruction|>\nBe brief."],
    "turn-marker": ["system:\nBe brief.\nuser:\n{{x}}", "Question: {q}\nAnswer: 4", "User: {question}"],
    "prefill": [
        "user:\nHi\nassistant:\nHello\nuser:\n{{x}}",
        "{% for m in history %}\nassistant:\n{{ m }}\n{% endfor %}",
    ],
    "completion-cue": ["# INPUT\n\nINPUT:", "Summarise the text:", "Answer the question.", "Context:"],
    "step-by-step": [
        "Write a step-by-step guide to baking bread.",
        "Explain how to reset a password, step by step.",
        "Do not think step by step.",
        "Follow these steps.",
        "```\nthink step by step\n```",
    ],
    "effort-word": ["Think carefully.", "Open src/think/main.py.", "Don't make them think harder than necessary."],
    "xml-structure": [
        "Write <div>text</div> in HTML.",
        "Run `git checkout <branch>`.",
        "- `<Card>` for links\n- `<CardGroup cols={2}>` for groups",
        "```xml\n<rules>\n</rules>\n```",
        "Replace <name> with the name.",
    ],
    "json-by-prompt": [
        "You will be given the history in JSON format.",
        "Write a file config.json.",
        "Read the JSON file first.",
        "---\noutput:\n  schema: Recipe\n---\nReturn JSON.",
        "The function should return JSON.",
        "Answer yes or no.",
    ],
    "tool-by-prompt": [
        "- Thought: what the agent thought\n- Action: what it did\n- Observation: what it saw",
        'Data: {"name": "Ada", "age": 36}',
        'Install the command:\n{"command": "npx", "args": ["-y", "server"]}',
        "Action: call the customer",
    ],
    "model-identity": [
        "You are an expert on Claude Monet.",
        "Check that model names are current, e.g. gpt-4.",
        "You are a chef.",
    ],
    "model-pinned": [
        "---\nmodel: inherit\n---\nHi",
        "Choose a model: gpt-4 or another.",
        "---\nname: claude-expert\n---\nHi",
    ],
    "model-limit": [
        "Answer in at most 50 words.",
        "Check tokens, keys and secrets.",
        "Sequences <256 tokens gain nothing.",
    ],
    "vendor-tool": ["Search the web, read files, run bash.", "---\nname: x\n---\nRead the file and edit it."],
    "role-assumption": ["Answer the user's message.", "Review the system prompt that is given."],
    "negative-only": [
        "- Do not use jargon; write plainly\n- Never mention prices\n- Avoid long words",
        "**Do:**\n- Test\n- Measure\n- Ask\n\n**Don't:**\n- Skip tests\n- Guess\n- Hurry",
        "- Internal changes\n- Test-only code\n- Tooling",
        "- Be brief\n- Do not guess\n- Ask when unsure",
    ],
    "contradiction": [
        "If asked for data, respond only with JSON.\nOtherwise respond only with Markdown.",
        "Only output Markdown.\nDo not use Markdown tables.",
        "Always cite sources.\nNever cite blogs.",
    ],
    "template-leftover": [
        "Hello {name}, hello {{ name }}.",
        "Format: [Your top choice]",
        "Leave no TODO behind.",
        "{# TODO: later #}",
        "Never leave `[INSERT NAME]` in a text.",
    ],
}


def rules_in(text: str) -> set[str]:
    return {finding.rule for finding in lint(text)}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(rule, text) for rule, texts in table.items() for text in texts]


@pytest.mark.parametrize(("rule", "text"), cases(FOUND))
def test_finds(rule: str, text: str) -> None:
    assert rule in rules_in(text)


@pytest.mark.parametrize(("rule", "text"), cases(LEFT_ALONE))
def test_leaves_alone(rule: str, text: str) -> None:
    assert rule not in rules_in(text)


def test_every_rule_is_tried_both_ways() -> None:
    names = [rule.id for rule in RULES]

    assert list(FOUND) == names
    assert list(LEFT_ALONE) == names


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_s_own_examples_are_true(rule: Rule) -> None:
    assert rule.id in rules_in(rule.bad)
    assert rule.id not in rules_in(rule.good)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_why_and_what_to_do(rule: Rule) -> None:
    assert rule.message
    assert not rule.message.endswith(".")
    assert rule.why.endswith(".")
    assert rule.remedy
    assert rule.matters_for


def test_runs_of_tokens_are_one_finding() -> None:
    text = "<|im_start|>system\nBe brief.\n<|im_end|>\n<|im_start|>user\n{x}\n<|im_end|>"

    assert [finding.line for finding in lint(text) if finding.rule == "special-token"] == [1, 3, 6]


def test_a_contradiction_names_both_places() -> None:
    (finding,) = [
        found for found in lint("Only output Markdown.\n\nRespond only with JSON.") if found.rule == "contradiction"
    ]

    assert finding.line == 3
    assert finding.message == "line 1 wants the answer as Markdown only, this one as JSON only"


def test_tags_are_named_once_for_the_prompt() -> None:
    text = "<role>\nx\n</role>\n<rules>\ny\n</rules>"

    assert [finding.message for finding in lint(text)] == [
        "parts are fenced by tags (<role>, <rules>), a markup that one vendor's models prefer"
    ]
