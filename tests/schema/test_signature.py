"""A function as a tool: what it takes by name, what its docstring says, and how arguments get their types."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import pydantic
import pytest
from pydantic import Field

from portable_llm import UnsupportedSchemaError
from portable_llm.schema import parameters_of, validate


@dataclass
class Place:
    city: str


def google(place: Place, days: int = 3, unit: Literal["C", "F"] = "C") -> str:
    """The weather to come.

    Takes the nearest station.

    Args:
        place: Where it is,
            as people say it.
        days (int, optional): How far ahead: at most 7.
        unit: Of the temperature.

    Returns:
        place: not a parameter
    """
    return ""


def numpy(place: Place, days: int = 3, unit: Literal["C", "F"] = "C") -> str:
    """The weather to come.

    Takes the nearest station.

    Parameters
    ----------
    place : Place
        Where it is,
        as people say it.
    days : int, default 3
        How far ahead: at most 7.
    unit
        Of the temperature.

    Returns
    -------
    str
        The words.
    """
    return ""


async def sphinx(place: Place, days: int = 3, unit: Literal["C", "F"] = "C") -> str:
    """The weather to come.

    Takes the nearest station.

    :param place: Where it is,
        as people say it.
    :param int days: How far ahead: at most 7.
    :param unit: Of the temperature.
    :returns: The words.
    """
    return ""


@pytest.mark.parametrize("function", [google, numpy, sphinx])
def test_every_style_of_docstring_is_read(function: Any) -> None:
    read = parameters_of(function)

    assert read.name == function.__name__
    assert read.description == "The weather to come.\n\nTakes the nearest station."
    assert {name: part.get("description") for name, part in read.parameters["properties"].items()} == {
        "place": "Where it is, as people say it.",
        "days": "How far ahead: at most 7.",
        "unit": "Of the temperature.",
    }
    assert read.parameters["required"] == ["place"]
    assert read.parameters["properties"]["days"]["default"] == 3
    assert validate({"place": {"city": "Ulm"}, "unit": "F"}, read.parameters) == ()
    assert validate({"place": {"city": "Ulm"}, "unit": "K"}, read.parameters)
    assert validate({"place": {"city": "Ulm"}, "more": 1}, read.parameters)


def test_arguments_get_their_types_and_defaults_stay_with_the_function() -> None:
    def book(place: Place, day: date, copy: int = 1, _note: str = "") -> None: ...

    read = parameters_of(book)

    assert read.bind({"place": {"city": "Ulm"}, "day": "2026-11-24", "_note": "x"}) == {
        "place": Place(city="Ulm"),
        "day": date(2026, 11, 24),
        "_note": "x",
    }
    with pytest.raises(pydantic.ValidationError):
        read.bind({"place": {"city": "Ulm"}, "day": "soon"})


def test_what_stands_at_the_parameter_goes_before_the_docstring() -> None:
    def f(
        a: Annotated[int, Field(ge=0, description="by Field")],
        b: Annotated[int, "by text"],
        c: int = Field(7, description="by default", le=9),
        d: int = 0,
    ) -> None:
        """F.

        Args:
            a: no
            b: no
            c: no
            d: by docstring
        """

    properties = parameters_of(f).parameters["properties"]

    assert {name: part["description"] for name, part in properties.items()} == {
        "a": "by Field",
        "b": "by text",
        "c": "by default",
        "d": "by docstring",
    }
    assert properties["a"]["minimum"] == 0
    assert (properties["c"]["default"], properties["c"]["maximum"]) == (7, 9)


class Shop:
    """A shop."""

    def find(self, name: str) -> None:
        """Find a product."""

    @classmethod
    def make(cls, name: str) -> None: ...

    def __call__(self, name: str) -> None:
        """Ask the shop."""


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (Shop().find, "find"),
        (Shop.find, "find"),
        (Shop.make, "make"),
        (Shop(), "Shop"),
        (functools.partial(Shop.find, Shop()), "find"),
    ],
)
def test_self_is_no_parameter(function: Any, name: str) -> None:
    read = parameters_of(function)

    assert read.name == name
    assert list(read.parameters["properties"]) == ["name"]
    assert read.parameters["additionalProperties"] is False


def test_further_members_have_the_type_of_the_keyword_arguments() -> None:
    def tag(name: str, **tags: int) -> None: ...

    read = parameters_of(tag)

    assert validate({"name": "x", "size": 3}, read.parameters) == ()
    assert validate({"name": "x", "size": "big"}, read.parameters)
    assert read.bind({"name": "x", "size": 3}) == {"name": "x", "size": 3}


def test_a_function_without_parameters_takes_an_empty_object() -> None:
    def now() -> None: ...

    assert parameters_of(now).parameters == {"type": "object", "properties": {}, "additionalProperties": False}


def _positional(a: int, /) -> None: ...


def _variadic(*rows: int) -> None: ...


def _unknown(a: Nowhere) -> None: ...  # noqa: F821  # pyright: ignore[reportUndefinedVariable]


def _no_json(a: type(lambda: 0)) -> None: ...  # pyright: ignore[reportInvalidTypeForm]


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (_positional, "cannot be given by name"),
        (_variadic, "take a list instead"),
        (_unknown, "type hints cannot be read"),
        (_no_json, "_no_json: "),
        (Shop, "is no function"),
        (7, "is no function"),
    ],
)
def test_what_a_model_cannot_give_is_named(function: Any, why: str) -> None:
    with pytest.raises(UnsupportedSchemaError, match=why):
        parameters_of(function)
