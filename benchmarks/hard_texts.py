"""Sixty texts that are hard to read a value from, all written for this table; none is taken from a test suite.

`wanted` is what a careful person takes from the text, `NO_VALUE` where two careful people would differ or nothing is
there; `also` are values that are as good. They were written down before any library was run. The documentation's page
is made from them and from `results/hard_texts.json`; a test holds this library's column to what it does today.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple


class NoValue:
    """Nothing that anybody should go on with."""

    def __repr__(self) -> str:
        return "NO_VALUE"


NO_VALUE: Final = NoValue()


class Hard(NamedTuple):
    """One text."""

    group: str
    title: str
    text: str
    wanted: Any
    why: str
    schema: dict[str, Any] | None = None
    also: tuple[Any, ...] = ()


def shape(required: str = "", /, **members: Any) -> dict[str, Any]:
    """The schema of an object; members are types or schemas, all required unless `required` names some."""
    properties = {name: {"type": kind} if isinstance(kind, str) else kind for name, kind in members.items()}
    return {"type": "object", "properties": properties, "required": required.split() or [*properties]}


FIND, TEXTS, NUMBERS, STRUCTURE, CUT, SCHEMA = (
    "Where is the answer?",
    "Texts within the value",
    "Numbers and literals",
    "Structure",
    "The text breaks off",
    "Towards the schema",
)

CASES: tuple[Hard, ...] = (
    # ------------------------------------------------------------------ find
    Hard(
        FIND,
        "A draft within the reasoning",
        '<think>They want {"city": …, "celsius": …}. Yesterday was {"city": "Oslo", "celsius": 3}, but today is colder.'
        '</think>\n{"city": "Oslo", "celsius": -1}',
        {"city": "Oslo", "celsius": -1},
        "What stands in reasoning tags is a draft. The answer begins behind them.",
    ),
    Hard(
        FIND,
        "Braces in prose before the answer",
        "The primes below six are {2, 3, 5}, and f(x) = {x if x > 0 else 0} does not matter here.\n\n"
        '```json\n{"sum": 10, "count": 3}\n```',
        {"sum": 10, "count": 3},
        "Neither a set nor a formula is a value; the fence holds the answer.",
    ),
    Hard(
        FIND,
        "The form, then the answer",
        'I will use the format {"answer": "<your number>"}.\n\n{"answer": "forty-two"}',
        {"answer": "forty-two"},
        "A value within a sentence is a mention where another one stands on a line of its own.",
    ),
    Hard(
        FIND,
        "A correction",
        '{"total": 41.0, "currency": "CHF"}\n\nWait, I forgot the tip. Again:\n\n{"total": 44.5, "currency": "CHF"}',
        NO_VALUE,
        "Here the last is meant, elsewhere the first; a library cannot know. `choose` says which to take.",
        also=({"total": 44.5, "currency": "CHF"},),
    ),
    Hard(
        FIND,
        "The same answer twice",
        '```json\n{"vote": "yes", "weight": 2}\n```\nIn short:\n```json\n{"weight": 2, "vote": "yes"}\n```',
        {"vote": "yes", "weight": 2},
        "The order of names is no difference, so the two agree.",
    ),
    Hard(
        FIND,
        "Two answers",
        'Option 1:\n{"seat": "12A"}\nOption 2:\n{"seat": "31C"}',
        NO_VALUE,
        "Nothing in the text says which. Taking one would be a guess, and a list was not asked for.",
    ),
    Hard(
        FIND,
        "The question quoted, then the answer",
        'For the request {"query": "boots", "max": 80} the best match is {"sku": "B-7", "price": 59.9}.',
        {"sku": "B-7", "price": 59.9},
        "Only one of the two has the shape that was asked for.",
        shape(sku="string", price="number"),
    ),
    Hard(
        FIND,
        "The reasoning never ends",
        '<think>Maybe {"approve": true}? The contract says otherwise, so I should',
        NO_VALUE,
        "The answer did not come. A draft in its place would approve what the model was about to refuse.",
    ),
    Hard(
        FIND,
        "A tool call in Hermes markup",
        'I will look that up.\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Bern", "days": 2}}\n'
        "</tool_call>",
        {"city": "Bern", "days": 2},
        "With the schema of the arguments, the arguments are the value and the call around them is markup.",
        shape(city="string", days="integer"),
    ),
    Hard(
        FIND,
        "A tool call written as tags",
        "<tool_call>\n<function=book_table>\n<parameter=guests>\n4\n</parameter>\n<parameter=name>\nO'Hara\n"
        "</parameter>\n</function>\n</tool_call>",
        {"guests": 4, "name": "O'Hara"},
        "Some open models write each argument in a tag. Types come from the schema, never from a guess.",
        shape(guests="integer", name="string"),
    ),
    Hard(
        FIND,
        "Channels",
        '<|channel|>analysis<|message|>Return {"ok": false}? No, all checks passed.<|end|><|start|>assistant'
        '<|channel|>final<|message|>{"ok": true}<|return|>',
        {"ok": True},
        "In the harmony format the analysis is the draft and the final channel the answer.",
    ),
    Hard(
        FIND,
        "JSON within a JSON string",
        r'"{\"lat\": 46.95, \"lon\": 7.45}"',
        {"lat": 46.95, "lon": 7.45},
        "A string where an object was asked for, which holds just that object.",
        shape(lat="number", lon="number"),
    ),
    Hard(
        FIND,
        "An assignment in JavaScript",
        "const settings = {\n  debug: false, // for now\n  retries: 3,\n};\n",
        {"debug": False, "retries": 3},
        "The statement around the value is no part of it.",
    ),
    Hard(
        FIND,
        "A refusal with braces in it",
        "I can't share {personal data} of other customers, sorry.",
        NO_VALUE,
        "There is no answer in a refusal.",
    ),
    Hard(
        FIND,
        "Code in one fence, its result in the next",
        '```js\nconsole.log({rows: data.length})\n```\nwhich prints\n```json\n{"rows": 128}\n```',
        {"rows": 128},
        "Both fences hold braces; only one of them is JSON, and only that is labelled so.",
    ),
    Hard(
        FIND,
        "One object a line",
        '{"name": "Ann", "age": 31}\n{"name": "Bo", "age": 27}\n{"name": "Cy", "age": 44}',
        [{"name": "Ann", "age": 31}, {"name": "Bo", "age": 27}, {"name": "Cy", "age": 44}],
        "Where a list was asked for, lines of values are its items.",
        {"type": "array", "items": shape(name="string", age="integer")},
    ),
    # ------------------------------------------------------------------ texts
    Hard(
        TEXTS,
        "Quotes within a text",
        '{"review": "The "quiet" room faced a bar", "stars": 2}',
        {"review": 'The "quiet" room faced a bar', "stars": 2},
        "A quote ends a text only where the structure goes on behind it.",
    ),
    Hard(
        TEXTS,
        "Quotes and commas within a text",
        '{"rule": "write "a", "b" or "c"", "id": 9}',
        {"rule": 'write "a", "b" or "c"', "id": 9},
        "Inside an object a name and a colon must follow a comma, so the inner quotes end nothing.",
    ),
    Hard(
        TEXTS,
        "Apostrophes between single quotes",
        "{'note': 'it's Ann's turn, isn't it', 'turn': 3}",
        {"note": "it's Ann's turn, isn't it", "turn": 3},
        "The same rule with the other quote.",
    ),
    Hard(
        TEXTS,
        "Typographic quotes",
        "{“title”: “The ‘New’ Deal”, “year”: 1933}",
        {"title": "The ‘New’ Deal", "year": 1933},
        "Quotes that delimit become JSON's; those within the text stay as they are.",
    ),
    Hard(
        TEXTS,
        "Line breaks within a text",
        '{"haiku": "old pond\na frog leaps in\nwater\'s sound", "lines": 3}',
        {"haiku": "old pond\na frog leaps in\nwater's sound", "lines": 3},
        "JSON wants them escaped; what is meant is not in doubt.",
    ),
    Hard(
        TEXTS,
        "A path of Windows",
        r'{"path": "C:\Program Files\Zed\zed.exe"}',
        {"path": r"C:\Program Files\Zed\zed.exe"},
        "None of these backslashes begins an escape of JSON, so all of them are meant.",
    ),
    Hard(
        TEXTS,
        "A path that could be a line break",
        r'{"path": "D:\data\new\table.csv"}',
        {"path": r"D:\data\new\table.csv"},
        r"`\d` shows that the writer did not escape; then `\n` and `\t` are no line break and no tab.",
        also=(NO_VALUE,),
    ),
    Hard(
        TEXTS,
        "A regular expression",
        r'{"pattern": "^\d{3}-\w+$", "flags": "i"}',
        {"pattern": r"^\d{3}-\w+$", "flags": "i"},
        "Dropping the backslash would give another expression, one that matches other things.",
    ),
    Hard(
        TEXTS,
        "LaTeX",
        r'{"formula": "\frac{\alpha}{2} \times \beta"}',
        {"formula": r"\frac{\alpha}{2} \times \beta"},
        r"`\alpha` shows that nothing is escaped here, so `\f`, `\t` and `\b` are commands and no control characters.",
    ),
    Hard(
        TEXTS,
        "Code within a text",
        '{"code": "if x == "a": print("b")", "lang": "python"}',
        {"code": 'if x == "a": print("b")', "lang": "python"},
        'The colon behind `"a"` looks like that of a name, and is not.',
        also=(NO_VALUE,),
    ),
    Hard(
        TEXTS,
        "HTML within a text",
        '{"html": "<a href="/faq">FAQ</a>", "visible": true}',
        {"html": '<a href="/faq">FAQ</a>', "visible": True},
        "Attributes have quotes too.",
    ),
    Hard(
        TEXTS,
        "Texts glued together",
        '{"message": "Dear Ms Ek, " +\n  "your parcel is late.", "lang": "en"}',
        {"message": "Dear Ms Ek, your parcel is late.", "lang": "en"},
        "JavaScript that says one text in two pieces.",
    ),
    Hard(
        TEXTS,
        "Triple quotes",
        '{"summary": """He said "later".\nNobody came.""", "words": 5}',
        {"summary": 'He said "later".\nNobody came.', "words": 5},
        "A text of Python.",
    ),
    Hard(
        TEXTS,
        "A quote that does not close",
        '{"city": "Bern, "zip": "3000", "country": "CH"}',
        {"city": "Bern", "zip": "3000", "country": "CH"},
        "The next name shows where the text ends.",
        also=(NO_VALUE,),
    ),
    Hard(
        TEXTS,
        "Escaped once too often",
        r"{\"user\": \"kim\", \"roles\": [\"admin\", \"dev\"]}",
        {"user": "kim", "roles": ["admin", "dev"]},
        "Every quote is escaped, so none of them is a quote within a text.",
    ),
    Hard(
        TEXTS,
        "What looks like comments",
        '{"url": "https://example.org/a#top", /* home */ "tag": "// not a comment", "n": 1} # done',
        {"url": "https://example.org/a#top", "tag": "// not a comment", "n": 1},
        "Comments go; what only looks like one within a text stays.",
    ),
    # ------------------------------------------------------------------ numbers
    Hard(
        NUMBERS,
        "Python's literals",
        "{'active': True, 'deleted': False, 'parent': None}",
        {"active": True, "deleted": False, "parent": None},
        "Three words with one meaning each.",
    ),
    Hard(
        NUMBERS,
        "Not a number",
        '{"mean": NaN, "n": 0}',
        NO_VALUE,
        "JSON has no such number. `null`, 0 and the text would each be another answer; `nan` says which is wanted.",
    ),
    Hard(
        NUMBERS,
        "A number beyond 2⁵³",
        "{'order': 90071992547409931, 'paid': True}",
        {"order": 90071992547409931, "paid": True},
        "A number that went through a double is another number.",
    ),
    Hard(
        NUMBERS,
        "A leading zero that matters",
        '{"plz": 01067, "city": "Dresden"}',
        {"plz": "01067", "city": "Dresden"},
        "A text was asked for, and the text says 01067.",
        shape(plz="string", city="string"),
    ),
    Hard(
        NUMBERS,
        "Numbers as people write them",
        '{"gain": +3, "rate": .5, "total": 12_000, "mask": 0xFF,}',
        {"gain": 3, "rate": 0.5, "total": 12000, "mask": 255},
        "Each has one reading.",
    ),
    Hard(
        NUMBERS,
        "A comma within a number",
        '{"population": "1,234", "area": 51.6}',
        NO_VALUE,
        "One thousand two hundred or one and a quarter: it depends on who wrote it.",
        shape(population="number", area="number"),
        also=({"population": 1234, "area": 51.6},),
    ),
    Hard(
        NUMBERS,
        "A number with its unit",
        '{"weight": "5 kg", "item": "flour"}',
        NO_VALUE,
        "5 in kilograms and 5 in grams are different weights. `unit_removed` allows it.",
        shape(weight="number", item="string"),
    ),
    Hard(
        NUMBERS,
        "A count that is no whole number",
        '{"people": 3.7}',
        NO_VALUE,
        "Neither 3 nor 4 was written. `integer_rounded` allows it.",
        shape(people="integer"),
    ),
    Hard(
        NUMBERS,
        "An infinite number that was not written",
        '{"distance": 1e999}',
        NO_VALUE,
        "It is JSON, and too large for a double: what comes out is infinity, which JSON cannot say. With a schema, or "
        "for the number alone, `read` gives no value; without one it leaves the parser's infinity within an object or "
        "list, since to look at every number costs more than to parse them.",
        also=({"distance": 10**999},),
    ),
    # ------------------------------------------------------------------ structure
    Hard(
        STRUCTURE,
        "A comma missing between lines",
        '{\n  "id": 4\n  "tags": ["new" "sale"]\n  "stock": 0\n}',
        {"id": 4, "tags": ["new", "sale"], "stock": 0},
        "The lines say where members end.",
    ),
    Hard(
        STRUCTURE,
        "A semicolon in place of a comma",
        '{"width": 3; "height": 4; "unit": "m"}',
        {"width": 3, "height": 4, "unit": "m"},
        "Behind a number a semicolon can only separate.",
    ),
    Hard(
        STRUCTURE,
        "A bracket missing in the middle",
        '{"rows": [{"n": 1}, {"n": 2}, "done": true}',
        {"rows": [{"n": 1}, {"n": 2}], "done": True},
        "A name and a colon cannot stand in a list, so the list ends before them.",
    ),
    Hard(
        STRUCTURE,
        "An object closed too early",
        '{"name": "Ida", "address": {"city": "Graz"}}, "age": 30}',
        NO_VALUE,
        "Is `age` a member of the outer object, or the rest of something else? Leaving it out would lose it unseen.",
        also=({"name": "Ida", "address": {"city": "Graz"}, "age": 30},),
    ),
    Hard(
        STRUCTURE,
        "Members without braces",
        '"host": "db1", "port": 5432',
        {"host": "db1", "port": 5432},
        "Names and colons need an object around them.",
    ),
    Hard(
        STRUCTURE,
        "And so on",
        '{"primes": [2, 3, 5, ...], "last": 97}',
        {"primes": [2, 3, 5], "last": 97},
        "Dots without quotes are no item. They are on record as removed: the list may not be whole.",
        also=(NO_VALUE,),
    ),
    Hard(
        STRUCTURE,
        "A value that is not there",
        '{"first": "Ada", "middle": , "last": "King"}',
        NO_VALUE,
        "`null`, an empty text, or a member too many: each is another person's name.",
        also=({"first": "Ada", "middle": None, "last": "King"},),
    ),
    Hard(
        STRUCTURE,
        "A set of Python",
        "{'red', 'green'}",
        NO_VALUE,
        "JSON has no sets. A list would have an order and could repeat itself.",
        also=(["red", "green"],),
    ),
    # ------------------------------------------------------------------ cut
    Hard(
        CUT,
        "Within a text",
        '{"title": "Notes", "body": "The meeting began at no',
        {"title": "Notes", "body": "The meeting began at no"},
        "What came stays, closed and marked in the edits; `cut='refuse'` makes it no value.",
        also=(NO_VALUE,),
    ),
    Hard(
        CUT,
        "Within a number",
        '{"item": "laptop", "price": 12',
        NO_VALUE,
        "12, 120 or 1299? Nothing shows that the digits are complete.",
    ),
    Hard(
        CUT,
        "Within a list of numbers",
        '{"ids": [101, 102, 10',
        NO_VALUE,
        "The last number is not the one that was meant.",
        also=({"ids": [101, 102]},),
    ),
    Hard(
        CUT,
        "Within one of certain words",
        '{"id": 7, "status": "open',
        NO_VALUE,
        '"open" is allowed, and so is "opened"; the text breaks off where they part.',
        shape(id="integer", status={"enum": ["open", "opened", "closed"]}),
    ),
    Hard(
        CUT,
        "Within a name",
        '```json\n{"from": "ZRH", "to": "LIS", "depar',
        {"from": "ZRH", "to": "LIS"},
        "A name without a value is nothing yet.",
        also=(NO_VALUE,),
    ),
    # ------------------------------------------------------------------ schema
    Hard(
        SCHEMA,
        "Names spelt otherwise",
        '{"First Name": "Lin", "lastName": "Wu"}',
        {"first_name": "Lin", "last_name": "Wu"},
        "Case and separators are spelling.",
        shape(first_name="string", last_name="string"),
    ),
    Hard(
        SCHEMA,
        "A required member is missing",
        '{"name": "Noor"}',
        NO_VALUE,
        "Nobody said how old she is. Neither 0 nor `null` did.",
        shape(name="string", age={"type": ["integer", "null"]}),
    ),
    Hard(
        SCHEMA,
        "A wrapper around the answer",
        '{"result": {"sentiment": "Positive", "score": "0.9"}}',
        {"sentiment": "positive", "score": 0.9},
        "A wrapper that holds nothing else is opened; case and quotes are spelling.",
        shape(sentiment={"enum": ["positive", "negative"]}, score="number"),
    ),
    Hard(
        SCHEMA,
        "Two of which one may be chosen",
        '{"size": "small or medium"}',
        NO_VALUE,
        "The model did not choose, so nobody does.",
        shape(size={"enum": ["small", "medium", "large"]}),
    ),
    Hard(
        SCHEMA,
        "Two values where one belongs",
        '{"winner": ["Kai", "Uma"]}',
        NO_VALUE,
        "The first is not the winner; `first_of_many` allows it.",
        shape(winner="string"),
    ),
    Hard(
        SCHEMA,
        "A list of one, not written as a list",
        '{"tags": "urgent", "done": "no"}',
        {"tags": ["urgent"], "done": False},
        "Nothing is lost: one tag is a list of one, and no is false.",
        shape(tags={"type": "array", "items": {"type": "string"}}, done="boolean"),
    ),
)
