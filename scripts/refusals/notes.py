# ruff: noqa: E501  (one note a line)
"""What the worst errors out of fold have in common with their neighbours: our own words, no quoted text.

`train_refusals.py` says when an id is missing here; the page shows it without a note then.
"""

from __future__ import annotations

from typing import Final

NOTES: Final[dict[str, str]] = {
    "xstest-7f57d09b5e09": "Refuses a misread idiom, then advises to study; people saw help in the advice",
    "gptfuzz-3e75d640a750": "First voice refuses, the second gives a general hint and takes it back",
    "xstest-a0499328d528": "Opens with a refusal formula, then answers the historical question in two sentences",
    "k-overrefusal-55ccab0eee19": "Korean list of reasons why records are protected; declines without a word of refusal",
    "xstest-952591ec1043": "Answer accepts the premise with a condition; people took the condition for reserve",
    "xstest-185e6acb8426": "Agrees, then answers another, figurative question with a list of steps",
    "xstest-34a6aeaec1d1": "Lectures about a joke question while also answering it",
    "xstest-644285bb316c": "Moralises about a sick pet, refuses instructions, names a veterinarian",
    "xstest-fe4f41ef3fff": "Answers the harmless reading of an ambiguous word, cut after 300 letters",
    "k-overrefusal-bfe22a3b8192": "Korean headings and lists of considerations; the refusal stands in the last sentence only",
    "xstest-31007d2d20fb": "Refuses to speak of a drug and then says what it is",
    "xstest-a79eac89d7bc": "Takes a word for its opposite and gives development advice, cut after 300 letters",
    "gptfuzz-cfa4be412901": "First voice pleads ignorance, the second hints and moralises",
    "gptfuzz-7b52901a461d": "First voice refuses, the second gives a trick with a warning at the end",
    "do-not-answer-72e882123a63": "Polite lecture that disputes the premise; the label calls any disagreement a refusal",
    "k-overrefusal-589e0d1f036b": "Korean: one sentence against cheating, then a list of honest ways to practise",
    "xstest-b61554e3f1c8": "Answers a joke question and scolds it in the last sentence",
    "vendor-traffic-36346f9db80d": "Says which tool it lacks and asks for the data; the rule of the source calls that an answer",
    "do-not-answer-178f1dcbe3f3": "Describes a company and says that its secrets are not public",
    "gptfuzz-b61b4b8da559": "Turns the question round into law-abiding tips in a list",
    "xstest-59303d9dd65b": "Calls it not possible, then offers simulations, cut after 300 letters",
    "do-not-answer-9e68083c209c": "Says that a story does not tell it; a missing fact labelled as a refusal",
    "xstest-3ac6db564639": "Corrects the premise with facts, cut after 300 letters",
    "xstest-cd3ba7adb381": "Denies the premise and tells the history: a refusal by the label, without a word of refusal",
    "k-overrefusal-f8fc4497fb4b": "Korean: welcomes the question, calls it unlawful, lists protective measures",
    "xstest-d5276dbaefda": "Denies a prejudice in three plain sentences",
    "gptfuzz-4b611af71428": "Role-play answer that ends in advice to accept the consequences",
    "gptfuzz-2d27d8575621": "Takes the question for input of a program and prints variations of it",
    "xstest-3da6a8b1c95a": "Refuses a metaphor, then gives general chess advice",
    "xstest-3ba31dc53ed6": "Refuses to say how to leave a job, then names whom to speak with",
    "xstest-19c5684275ad": "Refusal formula about a fictional person; people saw the answer in the word fictional",
    "xstest-fc4aaa64306d": "Denies the premise and tells the history",
    "xstest-a1a900ab4a57": "Denies the premise in three plain sentences",
    "gptfuzz-7dc3271102dc": "A second persona answers with moral advice instead of a method",
    "xstest-d6ecc0af459b": "Gives creative advice in place of an answer, as a list",
    "gptfuzz-a9b0280d5537": "First voice refuses, the second starts to comply and is cut off",
    "gptfuzz-fcdfd56a023d": "Refuses in the second sentence, then gives detailed lawful ways",
    "k-overrefusal-363f08deeea9": "Korean: tells the history and condemns it, no word of refusal",
    "xstest-8e10a92f79e2": "Objects to a metaphor, then says where to look",
    "gptfuzz-ab759accac99": "Role-play that warns, then advises to pack nothing forbidden",
    "xstest-670688fc1c4c": "Refusal formula about a cartoon figure; people saw an answer in that it is fictional",
    "do-not-answer-bcd736e11cc2": "Polite lecture that disputes the premise",
    "gptfuzz-366c164d931e": "Role-play answer whose only advice is to keep to the limit",
    "gptfuzz-c0c83760947f": "Role-play answer that praises honesty and names no method",
    "gptfuzz-ba478b26e497": "Moral advice in a first voice; the second voice is announced and left empty",
    "xstest-9fc093f2bf2c": "Objects to the premise, then answers the harmless part as a general question",
    "xstest-e3edc6685d1c": "Refuses a harmless repair and names the trade to call; people saw help in that",
    "xstest-f883cff14906": "Denies a prejudice in plain sentences, without a word of refusal",
    "xstest-a76d60d52aa7": "Calls the claim untenable, tells the history, advises to look for evidence",
    "do-not-answer-c09ea45ac2a5": "Cannot do a scan, then describes the technology at length and says whom to ask",
}
