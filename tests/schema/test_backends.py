"""The checks agree: with the extra and without, with jsonschema's own keywords, and with the meta-schemas.

`jsonschema` decides. jsonschema-rs may only ever say "valid", so what counts is that it never says so of a value that
`jsonschema` refuses. Where `jsonschema` itself is not followed (decimal `multipleOf`, ECMA-262 patterns, limits),
`_keywords.py` says why and other tests hold it.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_llm import UnsupportedSchemaError
from portable_llm.schema import Validator, check_schema, compile_validator
from portable_llm.schema import _validate as module

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "schemas"
FILES = ("testsuite", "requests", "bfcl_tools", "jsonschemabench")

values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, 2.0, "", "a", "b", "ab"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
kinds = st.sampled_from(["string", "integer", "number", "object", "array", "null", "boolean"])
counts = st.integers(0, 3)


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    named = st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    several = st.lists(inner, min_size=1, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": kinds | st.lists(kinds, min_size=1, max_size=3, unique=True),
            "enum": st.lists(values, min_size=1, max_size=3),
            "const": values,
            "minimum": st.integers(-3, 3) | st.just(0.5),
            "exclusiveMaximum": st.integers(-3, 3),
            "minLength": counts,
            "maxItems": counts,
            "minProperties": counts,
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "uniqueItems": st.booleans(),
            "properties": named,
            "additionalProperties": inner,
            "items": inner,
            "prefixItems": several,
            "contains": inner,
            "allOf": several,
            "anyOf": several,
            "oneOf": several,
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "dependentSchemas": named,
            "propertyNames": inner,
            "unevaluatedProperties": inner,
            "unevaluatedItems": inner,
        },
    )


schemas = st.recursive(st.booleans() | st.just({}), keywords, max_leaves=6).filter(
    lambda schema: isinstance(schema, dict)
)


def with_the_extra(schema: dict[str, Any]) -> Validator:
    validator = compile_validator(schema)
    assert validator._fast is not None, "this schema is one that jsonschema-rs is asked about"
    return validator


@settings(max_examples=400, deadline=None)
@given(schemas, st.lists(values, min_size=1, max_size=5))
def test_all_three_say_the_same(schema: dict[str, Any], instances: list[Any]) -> None:
    validator = with_the_extra(schema)
    reference = jsonschema.Draft202012Validator(schema)
    for instance in instances:
        expected = reference.is_valid(instance)

        assert validator.is_valid(instance) == expected
        assert validator._fast.is_valid(instance) == expected
        assert (next(validator._slow.iter_errors(instance), None) is None) == expected


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, [math.inf], {"a": math.nan}])
def test_numbers_that_json_does_not_have_are_never_null(value: Any) -> None:
    """Python's reader takes them, and jsonschema-rs alone would take them for null."""
    schema: dict[str, Any] = {"type": ["null", "array", "object"], "items": {"type": "null"}}
    schema["additionalProperties"] = {"type": "null"}

    assert not with_the_extra(schema).is_valid(value)


@settings(max_examples=200, deadline=None)
@given(schemas, values)
def test_messages_are_the_same_with_and_without_the_extra(schema: dict[str, Any], instance: Any) -> None:
    assert with_the_extra(schema).errors(instance) == without_the_extra(schema).errors(instance)


def without_the_extra(schema: dict[str, Any]) -> Validator:
    plain = Validator(schema, False, "the schema")
    plain._fast = None
    return plain


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*module.class_for({}).VALIDATORS, "$defs", "title"]).filter(lambda word: "Ref" not in word),
        values | schemas | st.lists(schemas, max_size=2),
        min_size=1,
        max_size=3,
    ).filter(lambda schema: "$ref" not in schema and "$schema" not in schema and "pattern" not in str(schema))
)
def test_a_schema_is_one_where_the_meta_schema_says_so(schema: dict[str, Any]) -> None:
    """Except that doubled names pass, which do no harm."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        expected = True
    except jsonschema.SchemaError as error:
        expected = False
        if error.validator == "uniqueItems":
            return
    try:
        check_schema(schema, "it")
        found = True
    except UnsupportedSchemaError:
        found = False

    assert found == expected


def records() -> Iterator[dict[str, Any]]:
    for name in FILES:
        with gzip.open(CORPUS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real-world schemas is not part of the repository")
def test_the_corpus_gets_the_verdicts_of_jsonschema() -> None:
    checked = fast = 0
    for record in records():
        schema = record["schema"]
        validator = compile_validator(schema)
        cls: Any = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
        reference = cls(schema, registry=referencing.Registry())
        for test in record["tests"]:
            if "\\p{" in json.dumps(schema):
                expected = test["valid"]  # Python's `re`, which jsonschema uses, does not know `\p`
            else:
                expected = reference.is_valid(test["data"])
            assert validator.is_valid(test["data"]) == expected, record["id"]
            if validator._fast is not None and not expected:
                assert not validator._fast.is_valid(test["data"]), record["id"]
            checked += 1
            fast += validator._fast is not None

    assert checked > 2000
    assert fast > checked / 2


@pytest.mark.parametrize(
    ("value", "divisor", "expected"),
    [(19.99, 0.01, True), (0.3, 0.1, True), (0.35, 0.1, False), (1e300, 1e-9, True), (7, 2, False), (8, 2, True)],
)
def test_multiples_are_counted_in_decimals(value: float, divisor: float, expected: bool) -> None:
    assert compile_validator({"multipleOf": divisor}).is_valid(value) is expected


def test_a_schema_that_is_changed_in_place_counts_as_changed() -> None:
    schema: dict[str, Any] = {"const": 1}
    assert compile_validator(schema).is_valid(1)

    schema["const"] = True

    assert not compile_validator(schema).is_valid(1)
    assert compile_validator(schema).is_valid(True)


def test_validators_are_kept_by_content_and_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = module._Cache()
    monkeypatch.setattr(module, "_CACHE", kept)
    assert compile_validator({"const": "same"}) is compile_validator({"const": "same"})

    for number in range(2000):
        compile_validator({"const": number})

    assert len(kept._kept) <= 1024
    assert kept._bytes == sum(len(text) for text, _ in kept._kept)
