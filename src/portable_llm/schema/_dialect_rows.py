"""The dialects that come with the library; each row states where it was read and when.

Rows are read off vendors' documentation, their SDKs and recorded answers. A dialect is not a provider: several
providers point at the same row.
"""

from __future__ import annotations

from portable_llm.schema._dialect import Dialect, Fact, register_dialect

_READ = "2026-11-24"

_CORE = frozenset(
    [
        "type",
        "title",
        "description",
        "enum",
        "const",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "$ref",
        "$defs",
    ]
)
_SILENT = frozenset(["$schema", "$id", "$comment", "examples", "deprecated", "readOnly", "writeOnly"])
_TEXT_FORMATS = frozenset(["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"])
_MEMBER_NAMES = "^[a-zA-Z0-9_.-]{1,64}$"
_EVERYTHING = frozenset(
    [
        "type",
        "title",
        "description",
        "enum",
        "const",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "prefixItems",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "if",
        "then",
        "else",
        "$ref",
        "$defs",
        "pattern",
        "format",
        "multipleOf",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minItems",
        "maxItems",
        "uniqueItems",
        "contains",
        "minContains",
        "maxContains",
        "minLength",
        "maxLength",
        "minProperties",
        "maxProperties",
        "patternProperties",
        "propertyNames",
        "dependentRequired",
        "dependentSchemas",
        "default",
        "examples",
    ]
)


def _fact(says: str, source: str) -> Fact:
    return Fact(says=says, source=source, date=_READ)


OPENAI_STRICT = Dialect(
    name="openai-strict",
    supported=_CORE
    | frozenset(
        ["anyOf", "pattern", "format", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
    )
    | {"minItems", "maxItems"},
    ignored=_SILENT,
    root_is_object=True,
    closes_objects=True,
    closes_by_silence=True,
    all_required=True,
    needs_type=True,
    needs_items=True,
    enum_values="primitive",
    formats=_TEXT_FORMATS,
    patterns="plain",
    max_depth=10,
    max_properties=5000,
    max_enum_values=1000,
    max_text=120_000,
    large_enum=(250, 15_000),
    facts=(
        _fact("keywords, root, required, additionalProperties, limits", "OpenAI guide Structured Outputs"),
        _fact("siblings of $ref are not accepted", "openai-python 3.54.0 lib/_pydantic.py"),
    ),
)

OPENAI_NONSTRICT = Dialect(
    name="openai-nonstrict",
    supported=frozenset(),
    others="ignored",
    is_enforced=False,
    facts=(_fact("strict false: the schema is advice", "OpenAI guide Structured Outputs"),),
)

ANTHROPIC = Dialect(
    name="anthropic",
    supported=_CORE | frozenset(["default", "minItems", "anyOf", "format", "pattern"]),
    ignored=_SILENT,
    root_is_object=True,
    closes_objects=True,
    closes_by_silence=True,
    needs_type=True,
    recursion="forbidden",
    enum_values="primitive",
    formats=_TEXT_FORMATS | {"uri"},
    max_min_items=1,
    patterns="plain",
    property_names=_MEMBER_NAMES,
    facts=(
        _fact("numeric, length and array keywords refused; closed objects", "Anthropic docs Structured outputs"),
        _fact("minItems 0 or 1, formats", "anthropic-sdk-python 2.12.0 lib/_parse/_transform.py"),
        _fact("names of root members in tools, by a 400", "decocms/studio pull request 6874"),
    ),
)

BEDROCK = Dialect(
    name="bedrock",
    supported=_CORE | frozenset(["default", "minItems", "anyOf", "format", "pattern"]),
    ignored=_SILENT | {"minLength", "maxLength"},
    root_is_object=True,
    closes_objects=True,
    closes_by_silence=True,
    needs_type=True,
    recursion="forbidden",
    enum_values="primitive",
    formats=_TEXT_FORMATS | {"uri"},
    max_min_items=1,
    patterns="plain",
    backreferences=False,
    property_names=_MEMBER_NAMES,
    facts=(
        _fact("subset of 2020-12, others 400", "AWS user guide, structured output"),
        _fact(
            "names of root members in tools, by a 400",
            "aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws issue 709",
        ),
    ),
)

GEMINI_SCHEMA = Dialect(
    name="gemini-schema",
    supported=frozenset(
        [
            "type",
            "title",
            "description",
            "enum",
            "default",
            "format",
            "properties",
            "required",
            "items",
            "minItems",
            "maxItems",
            "anyOf",
            "nullable",
            "minimum",
            "maximum",
            "minLength",
            "maxLength",
            "minProperties",
            "maxProperties",
            "pattern",
        ]
    ),
    needs_type=True,
    needs_properties=True,
    needs_items=True,
    type_lists=False,
    nullable=True,
    refs=False,
    recursion="forbidden",
    enum_values="string",
    formats_by_type=(
        ("string", frozenset({"date-time"})),
        ("number", frozenset({"float", "double"})),
        ("integer", frozenset({"int32", "int64"})),
    ),
    facts=(
        _fact("fields of Schema; additionalProperties on Vertex only", "google-genai 3.4.0 types.Schema"),
        _fact("enum of strings, format values", "Gemini API error messages"),
    ),
)

GEMINI_JSON_SCHEMA = Dialect(
    name="gemini-json-schema",
    supported=_CORE - {"const"}
    | frozenset(["anyOf", "oneOf", "prefixItems", "minItems", "maxItems", "minimum", "maximum", "format"]),
    others="ignored",
    enum_values="string_or_number",
    recursion="optional",
    facts=(
        _fact("keywords; others are accepted and not enforced", "Gemini API reference responseJsonSchema"),
        _fact("recursion only below members that are not required", "Gemini API reference responseJsonSchema"),
    ),
)

MISTRAL = Dialect(
    name="mistral",
    supported=_EVERYTHING,
    root_is_object=True,
    closes_objects=True,
    closes_by_silence=True,
    facts=(_fact("objects are closed; no keyword list is published (assumed)", "mistralai 3.7.0 _pydantic_helper.py"),),
)

COHERE = Dialect(
    name="cohere",
    supported=_CORE | {"format", "pattern", "default"},
    ignored=_SILENT | {"anyOf"},
    root_is_object=True,
    min_required=1,
    needs_type=True,
    recursion="forbidden",
    formats=frozenset({"date-time", "uuid", "date", "time"}),
    patterns="plain",
    max_properties=200,
    facts=(
        _fact("at least one required member, formats, no ranges or lengths", "Cohere docs Structured Outputs"),
        _fact("anyOf is accepted; older text says unsupported, so it is not relied on", "Cohere docs Parameter types"),
    ),
)

LLAMA_CPP = Dialect(
    name="llama-cpp",
    supported=_CORE
    | frozenset(
        ["prefixItems", "anyOf", "oneOf", "pattern", "format", "minLength", "maxLength", "minItems", "maxItems"]
    )
    | frozenset(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]),
    others="ignored",
    closes_by_silence=True,
    reads_beside_type_list=False,
    formats=frozenset({"date", "time", "date-time", "uuid"}),
    bounded_types=frozenset({"integer"}),
    patterns="grammar",
    facts=(_fact("read off the converter", "ggml-org/llama.cpp json_schema_to_grammar.py 17ea1adc"),),
)

JSON_OBJECT = Dialect(
    name="json-object",
    supported=frozenset({"type"}),
    others="rejected",
    carries_schema=False,
    root_is_object=True,
    facts=(_fact("JSON mode carries no schema", "vendors' docs of JSON mode"),),
)

NONE = Dialect(
    name="none",
    supported=frozenset(),
    others="rejected",
    carries_schema=False,
    facts=(_fact("there is no place for a schema", "by definition"),),
)

SHIPPED = (
    OPENAI_STRICT,
    OPENAI_NONSTRICT,
    ANTHROPIC,
    BEDROCK,
    GEMINI_SCHEMA,
    GEMINI_JSON_SCHEMA,
    MISTRAL,
    COHERE,
    LLAMA_CPP,
    JSON_OBJECT,
    NONE,
)
"""The rows of this file; an application may register more."""

for _row in SHIPPED:
    register_dialect(_row)
