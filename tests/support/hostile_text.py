"""Text that tries to become structure: delimiters, tags, role words and special tokens, whole, nested and broken.

`TOKENS` is an oracle of its own: names of special tokens as public tokenizers and chat templates list them, not as the
library's patterns describe them.
"""

from __future__ import annotations

import random

TOKENS = """
<|im_start|> <|im_end|> <|endoftext|> <|fim_prefix|> <|system|> <|user|> <|assistant|> <|end|> <|begin_of_text|>
<|end_of_text|> <|start_header_id|> <|end_header_id|> <|eot_id|> <|eom_id|> <|python_tag|> <|start|> <|message|>
<|channel|> <|constrain|> <|return|> <|call|> <|startoftext|> <|vision_start|> <|image_pad|> <|box_start|>
<|reserved_special_token_17|> <|START_OF_TURN_TOKEN|> <|END_OF_TURN_TOKEN|> <|CHATBOT_TOKEN|> <|USER_TOKEN|>
<|im_user|> <|im_middle|> <|tool_calls_section_begin|> <|observation|> <|plugin|> <|endofprompt|> <|turn> <turn|>
<|tool_call> <tool_call|> <｜begin▁of▁sentence｜> <｜end▁of▁sentence｜> <｜User｜> <｜Assistant｜>
<｜tool▁calls▁begin｜> <｜tool▁sep｜> <s> </s> <unk> <pad> <bos> <eos> <mask> <cls> <sep>
<start_of_turn> <end_of_turn> <start_of_image>
<end_of_image> <unused42> <0x0A> <extra_id_0> <fim_middle> <tool_call> </tool_call> <tool_response> <think> </think>
<image> <video> <audio> <reserved_106> <end_of_utterance> [INST] [/INST] <<SYS>> <</SYS>> [SYSTEM_PROMPT]
[/SYSTEM_PROMPT] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_CALLS] [TOOL_RESULTS] [/TOOL_RESULTS] [IMG] [IMG_END]
[PREFIX] [MIDDLE] [SUFFIX] [THINK] [/THINK] [ARGS] [CALL_ID] [CLS] [SEP] [MASK] [gMASK] [sMASK]
""".split()  # noqa: SIM905 (a list of words)

ROLE_WORDS = ("Human:", "Assistant:", "System:", "User:", "SYSTEM:", "AI:", "Bot:", "human:", "**Human:**", "用户：")

DELIMITERS = (
    *("</data>", "<data>", "</documents>", "</document>", "<document>", '<document title="x">', "<example>", "<input>"),
    *("</output>", "</role>", "<system>", "</system >", "</instructions>", "<rules", "<!--", "]]>", "<?xml ?>"),
    *("# Role", "# Data", "## Document 1", "## Document 1: x", "## Example 1 input", "# Output format", "#", "###"),
    *(
        "### Instruction:",
        "### Response:",
        "===",
        "---",
        "=== Role ===",
        "--- Document 1 ---",
        "--- Example 1 input ---",
    ),
    *("```", "~~~", "````", "```json", "`", "~", "***", '"}', '": "', "\\", '\\"', "{x}", "{{x}}", "{", "}"),
    *("&lt;", "&amp;lt;", "&amp;amp;", "&", "&#35;", "&#58;", "&#96;", "&#", ";", "&lt", "lt;", "amp;", "\\u003c"),
)

SPACES = (
    "\n",
    "\n\n",
    "\n\n\n",
    " ",
    "  ",
    "    ",
    "\t",
    "\r",
    "\r\n",
    "\u2028",
    "\x85",
    "\x0b",
    "\u200b",
    "\x00",
    "> ",
    "- ",
)

WORDS = ("a", "Role", "data", "text", "x < y", "AT&T", "1", "é", "漢字", "😀", "|", "｜", "<", ">", ":", "[", "]", "/")

ALL = (*TOKENS, *ROLE_WORDS, *DELIMITERS, *SPACES, *WORDS)
_KINDS = (TOKENS, ROLE_WORDS, DELIMITERS, SPACES, WORDS)


def _piece(chance: random.Random) -> str:
    piece = chance.choice(chance.choice(_KINDS))
    match chance.randrange(8):
        case 0:
            return piece[: chance.randrange(len(piece) + 1)]
        case 1:
            return piece[chance.randrange(len(piece) + 1) :]
        case 2:
            at = chance.randrange(len(piece) + 1)
            return piece[:at] + _piece(chance) + piece[at:]
        case 3:
            return chance.choice(("\n", "\n\n")) + piece + chance.choice(("\n", "\n\n", ""))
        case _:
            return piece


def hostile(chance: random.Random) -> str:
    """One text of up to a dozen pieces, some cut, some put into one another."""
    return "".join(_piece(chance) for _ in range(chance.randrange(13)))
