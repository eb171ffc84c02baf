"""A Python function as a tool: its name, what its docstring says, and a schema of the arguments it takes by name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._docstrings import read_docstring


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a function takes, as a model sees it."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON Schema of an object with one member per parameter."""
    model: Any
    """The pydantic model behind `parameters`; `bind` uses it."""

    def bind(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments in the types the function declares, defaults left to the function.

        Raises `pydantic.ValidationError` for arguments that do not fit.
        """
        import pydantic_core

        made = self.model.model_validate_json(pydantic_core.to_json(dict(arguments)))
        fields = self.model.model_fields
        bound = {fields[name].alias: getattr(made, name) for name in fields if name in made.model_fields_set}
        return bound | (made.model_extra or {})


def parameters_of(function: Callable[..., Any]) -> Signature:
    """The name, description and parameters of a function, method, async function, partial or callable object.

    `self` and `cls` are left out. Descriptions come from `Field(description=…)`, a text in `Annotated[…]`, or the
    docstring (Google, NumPy, Sphinx), in this order. `**kwargs` admits further members of its type. Raises
    `UnsupportedSchemaError` for what cannot be given by name (`*args`, positional-only) and for types JSON cannot hold.
    """
    name = _name(function)
    own = _parameters(function, name)
    hints = _hints(function, name)
    text, described = read_docstring(_docstring(function), own)
    model = _model(name, own, hints, described)
    return Signature(name=name, description=text, parameters=_schema(model, name), model=model)


def _inner(function: Any) -> Any:
    """The function that carries names and hints."""
    while isinstance(function, functools.partial):
        function = cast("Any", function).func
    if inspect.isroutine(function) or inspect.isclass(function):
        return inspect.unwrap(cast("Any", function))
    return type(function).__call__


def _name(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = cast("Any", function).func
    return getattr(function, "__name__", None) or type(function).__name__


def _docstring(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = cast("Any", function).func
    return inspect.getdoc(function) or "" if inspect.isroutine(function) else inspect.getdoc(_inner(function)) or ""


def _parameters(function: Any, name: str) -> dict[str, inspect.Parameter]:
    if not callable(function) or inspect.isclass(function):
        raise UnsupportedSchemaError(f"{function!r} is no function; for a type use json_schema_of")
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError) as error:
        raise UnsupportedSchemaError(f"the signature of {name} cannot be read: {error}") from error
    own = dict(signature.parameters)
    first = next(iter(own), "")
    qualified = getattr(function, "__qualname__", "").rpartition("<locals>.")[2]
    if first in ("self", "cls") and "." in qualified and own[first].annotation is inspect.Parameter.empty:
        del own[first]
    for parameter in own.values():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            why = "takes any number of values without names; take a list instead"
        elif parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            why = "cannot be given by name, and a model names its arguments; move it behind the /"
        else:
            continue
        raise UnsupportedSchemaError(f"{name}: the parameter {parameter} {why}")
    return own


def _hints(function: Any, name: str) -> dict[str, Any]:
    try:
        return get_type_hints(_inner(function), include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError) as error:
        raise UnsupportedSchemaError(f"{name}: its type hints cannot be read: {error}") from error


def _model(
    name: str, own: Mapping[str, inspect.Parameter], hints: Mapping[str, Any], described: Mapping[str, str]
) -> Any:
    import pydantic

    fields: dict[str, Any] = {}
    extra: Any = None
    for index, (parameter, kind) in enumerate(own.items()):
        hint = hints.get(parameter, Any)
        if kind.kind is inspect.Parameter.VAR_KEYWORD:
            extra = hint
            continue
        # Fields are numbered: a parameter may have a name that a pydantic field must not have (`_x`, `copy`, `schema`).
        fields[f"p{index}"] = _field(parameter, kind, hint, described.get(parameter))
    config = pydantic.ConfigDict(extra="forbid" if extra is None else "allow", arbitrary_types_allowed=False)
    try:
        if extra is None:
            return cast("Any", pydantic.create_model)(name, __config__=config, **fields)
        namespace = {"__annotations__": {"__pydantic_extra__": dict[str, extra]}, "model_config": config}
        base = type(name, (pydantic.BaseModel,), namespace)
        return cast("Any", pydantic.create_model)(name, __base__=base, **fields)
    except (pydantic.PydanticUserError, pydantic.errors.PydanticSchemaGenerationError, TypeError, NameError) as error:
        raise UnsupportedSchemaError(f"{name}: {str(error).splitlines()[0]}") from error


def _field(name: str, parameter: inspect.Parameter, hint: Any, described: str | None) -> tuple[Any, Any]:
    from pydantic import Field
    from pydantic.fields import FieldInfo

    default = parameter.default
    info = default if isinstance(default, FieldInfo) else None
    description = _described(hint, info) or described
    more: dict[str, Any] = {"alias": name} | ({"description": description} if description else {})
    if info is not None:
        hint, default = Annotated[hint, info], info.get_default() if not info.is_required() else ...
        if info.default_factory is not None:
            return hint, cast("Any", Field)(default_factory=info.default_factory, **more)
    if default is inspect.Parameter.empty:
        return hint, cast("Any", Field)(**more)
    return hint, cast("Any", Field)(default=default, **more)


def _described(hint: Any, info: Any) -> str | None:
    """What `Field`, a text in `Annotated` or `Doc` says."""
    said = [info] if info is not None else []
    if get_origin(hint) is Annotated:
        said += get_args(hint)[1:]
    for one in said:
        text = getattr(one, "description", None) or getattr(one, "documentation", None)
        if isinstance(text, str):
            return text
    return next((one for one in said if isinstance(one, str)), None)


def _schema(model: Any, name: str) -> dict[str, Any]:
    import warnings

    import pydantic
    from pydantic.json_schema import GenerateJsonSchema, PydanticJsonSchemaWarning

    class WithoutTitles(GenerateJsonSchema):
        """Titles made from names tell a model nothing and cost tokens; those somebody wrote stay."""

        def field_title_should_be_set(self, schema: Any) -> bool:
            return False

    try:
        with warnings.catch_warnings():
            # A default that JSON cannot hold stays with the function; the parameter is optional all the same.
            warnings.simplefilter("ignore", PydanticJsonSchemaWarning)
            schema = model.model_json_schema(by_alias=True, schema_generator=WithoutTitles)
    except pydantic.errors.PydanticInvalidForJsonSchema as error:
        raise UnsupportedSchemaError(f"{name}: {str(error).splitlines()[0]}") from error
    schema.pop("title", None)
    schema.setdefault("properties", {})
    return schema
