"""Templates of the axis `tools` whose answer is text: no call is needed, allowed, or possible yet."""

from __future__ import annotations

from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.pools import PRODUCTS
from portable_llm.conformance.templates.template import Catalogue, Draft, ask, assistant, of, result, says, tool
from portable_llm.conformance.templates.tools_calls import order_status, weather

template = Catalogue("tools")


@template("t4", "answer_from_result", tags=("easy", "sequential"))
def answer_from_result(draw: Draw) -> Draft:
    """After the result the answer is text that says it."""
    town, degrees = draw.town(), draw.between(11, 39)
    asked = assistant("", {"id": "call_c3", "name": "get_weather", "arguments": {"city": town}})
    question = f"How many degrees has {town}? Use the tool, then answer with the number only."
    request = ask(question, asked, result("call_c3", f"dry, {degrees} degrees"), tools=[weather()])
    return says(request, f"{degrees}", {"check": "holds", "all_of": [str(degrees)]}, judge="tools.text")


@template("t5", "sum", tags=("easy", "no-call"))
def sum_of_two(draw: Draw) -> Draft:
    """A question that needs no tool is answered in text."""
    left, right = draw.between(21, 479), draw.between(21, 479)
    text = f"{draw.person()} asks: what is {left} plus {right}? Answer with the number only; no tool is needed."
    request = ask(text, tools=[weather()])
    return says(request, str(left + right), {"check": "holds", "all_of": [str(left + right)]}, judge="tools.text")


@template("t5", "spelled_word", tags=("easy", "no-call"))
def spelled_word(draw: Draw) -> Draft:
    """A small text task beside unrelated tools."""
    word = draw.pick(draw.words(30))
    text = f"{draw.person()} asks: write the word {word} in capital letters. Answer with that word only."
    request = ask(text, tools=[order_status(), weather()])
    return says(request, word.upper(), {"check": "label", "value": word.upper()}, judge="tools.text")


@template("t6", "missing_parameter", tags=("hard", "no-call"), tier="should")
def missing_parameter(draw: Draw) -> Draft:
    """A required parameter that nobody gave is asked for, not invented."""
    person, product = draw.person(), draw.pick(PRODUCTS)
    buy = tool(
        "place_order", "Place an order.", {"product": of("string"), "delivery_address": of("string", "Full address")}
    )
    system = "Never guess a parameter of a tool. If one is missing, ask for it in one short question."
    request = ask(f"I am {person}. Please order one {product} for me.", tools=[buy], system=system)
    said = "What is the address for the delivery?"
    checks = (
        {"check": "holds", "any_of": ["address", "deliver", "delivered", "delivery", "where", "ship", "shipped"]},
    )
    question = {"check": "matches", "pattern": r"(?s).*\?.*"}
    return says(request, said, *checks, question, judge="tools.text")


@template("t7", "none", tags=("easy", "choice"))
def none(draw: Draw) -> Draft:
    """With `none` no tool is called, even where one would fit."""
    town, word = draw.town(), draw.pick(draw.words(30))
    text = f"Do not look up the weather in {town}. Instead write the word {word} in capital letters, only that word."
    request = ask(text, tools=[weather()], tool_choice="none")
    return says(request, word.upper(), {"check": "label", "value": word.upper()}, judge="tools.text")


@template("t10", "error_read", tags=("easy", "error"))
def error_read(draw: Draw) -> Draft:
    """An error that ends the matter is told, and the call is not made again."""
    code, date = draw.code(), draw.date()
    asked = assistant("", {"id": "call_i9", "name": "get_order_status", "arguments": {"order_id": code}})
    message = f"error: order {code} was deleted on {date}; it cannot be looked up any more"
    question = f"What is the status of order {code}? Use the tool once. If it was deleted, answer with the date only."
    request = ask(question, asked, result("call_i9", message, is_error=True), tools=[order_status()])
    return says(request, date, {"check": "holds", "all_of": [date]}, judge="tools.text")


@template("t11", "results_out_of_order", tags=("medium", "ids"))
def results_out_of_order(draw: Draw) -> Draft:
    """Two results in the other order than the calls: ids decide which is which."""
    first, second = draw.towns(2)
    cold, warm = draw.between(11, 19), draw.between(25, 39)
    made = (
        {"id": "call_d4", "name": "get_weather", "arguments": {"city": first}},
        {"id": "call_e5", "name": "get_weather", "arguments": {"city": second}},
    )
    turns = (assistant("", *made), result("call_e5", f"{warm} degrees"), result("call_d4", f"{cold} degrees"))
    question = f"How warm are {first} and {second}? Call the tool, then say only the number of degrees in {first}."
    request = ask(question, *turns, tools=[weather()])
    checks = (
        {"check": "holds", "all_of": [str(cold)]},
        {"check": "lacks", "words": [str(warm)], "code": "wrong_answer"},
    )
    return says(request, f"{cold}", *checks, judge="tools.text")


@template("t15", "json_result", tags=("medium", "results"))
def json_result(draw: Draw) -> Draft:
    """A result that is JSON is read."""
    code, town = draw.code(), draw.town()
    asked = assistant("", {"id": "call_f6", "name": "get_order_status", "arguments": {"order_id": code}})
    body = f'{{"status": "sent", "parcel": {{"last_seen": "{town}", "pieces": 1}}}}'
    question = f"In which town was the parcel of order {code} last seen? Use the tool, then answer with the town only."
    request = ask(question, asked, result("call_f6", body), tools=[order_status()])
    return says(request, town, {"check": "holds", "all_of": [town]}, judge="tools.text")
