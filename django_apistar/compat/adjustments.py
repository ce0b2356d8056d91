"""Every adjustment that API Star 0.5.4x needs on today's Python and Werkzeug.

Its import needs what is in `importing`; the rest repairs it, one function per adjustment. Each
checks first whether it is needed; its docstring says what breaks without it, since which version,
where in API Star, and when it can be removed. `install` applies all of them;
`django_apistar/__init__.py` calls it before anything else can import API Star.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import functools
import inspect
import re
import sys
import types
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from django_apistar.compat import older_versions
from django_apistar.compat.importing import importable
from django_apistar.compat.signatures import get_plain_signature, get_signature, replace

if TYPE_CHECKING:
    import requests
    import urllib3
    from _typeshed.wsgi import WSGIEnvironment
    from apistar.formats import BaseFormat
    from apistar.types import Type
    from apistar.validators import Array, NumericType, Object, Uniqueness, Validator

Made = TypeVar('Made')


def install() -> None:
    """Import API Star on this interpreter and repair what its dependencies broke. Idempotent."""
    if 'apistar' not in sys.modules:
        with importable():
            import apistar  # noqa: F401
    _keep_double_slashes()
    _load_templates_of_packages_without_templates()
    _accept_any_length_in_test_client()
    _encode_test_paths_as_servers_do()
    _ask_inspect_about_coroutines()
    _read_annotations_that_are_text()
    _refuse_impossible_dates()
    _coerce_nullable_booleans()
    _refuse_numbers_beyond_float()
    _tell_dates_apart()
    _leave_unions_unchanged()
    _copy_types()
    _refuse_classes_of_validators()
    older_versions.install()
    _validate_patterns_in_one_pass()
    _end_arrays_at_enough_messages()
    _read_objects()


def _keep_double_slashes() -> None:
    """Werkzeug 1.0 began to redirect '/p//a' to '/p/a'; API Star answers 404.

    `Map(rules)` in server/router.py line 62. Remove when API Star passes merge_slashes itself.
    """
    from apistar.server import router

    if isinstance(router.Map, type):
        replace(router, Map=functools.partial(router.Map, merge_slashes=False))


def _load_templates_of_packages_without_templates() -> None:
    """Jinja2 3's PackageLoader refuses a package without a templates folder.

    `App(packages=['json'])` raised ValueError where Jinja2 2 failed at the look-up only
    (server/templates.py line 23). Remove when API Star guards the call.
    """
    import jinja2
    from apistar.server import templates

    if templates.jinja2 is not jinja2:
        return

    def package_loader(package_name: str, package_path: str = 'templates') -> jinja2.BaseLoader:
        try:
            return jinja2.PackageLoader(package_name, package_path)
        except ValueError:
            return jinja2.DictLoader({})

    replace(templates, jinja2=_copy_of(jinja2, PackageLoader=package_loader))


def _accept_any_length_in_test_client() -> None:
    """urllib3 2 enforces Content-Length in API Star's TestClient, which builds it from bytes.

    A 204 with a body, or a hook that changes the content, raised ChunkedEncodingError
    (test.py line 99). Remove when API Star passes enforce_content_length=False.
    """
    from apistar.test import _WSGIAdapter

    if 'build_response' in vars(_WSGIAdapter):
        return

    def build_response(
        self: _WSGIAdapter,
        req: requests.PreparedRequest,
        resp: urllib3.HTTPResponse,
    ) -> requests.Response:
        resp.enforce_content_length = False
        return super(_WSGIAdapter, self).build_response(req, resp)

    replace(_WSGIAdapter, build_response=build_response)


def _encode_test_paths_as_servers_do() -> None:
    """API Star's TestClient passes PATH_INFO as text; servers pass bytes as latin-1 (PEP 3333).

    test.py line 51. Our App decodes PATH_INFO, so that '/caf\u00e9/' must arrive encoded.
    """
    from apistar.test import _WSGIAdapter

    get_environ = _WSGIAdapter.get_environ
    if hasattr(get_environ, '__wrapped__'):
        return

    @functools.wraps(get_environ)
    def get_environ_of_a_server(
        self: _WSGIAdapter, request: requests.PreparedRequest
    ) -> WSGIEnvironment:
        environ = get_environ(self, request)
        environ['PATH_INFO'] = environ['PATH_INFO'].encode('utf-8').decode('latin-1')
        return environ

    replace(_WSGIAdapter, get_environ=get_environ_of_a_server)


def _read_annotations_that_are_text() -> None:
    """`from __future__ import annotations` made every Route with a path parameter a KeyError.

    server/core.py and server/components.py read `inspect.signature` as it is. `Optional[int]`
    becomes the `int = None` that API Star knows.
    """
    from apistar import Route
    from apistar.server import components, core

    from django_apistar.compat.fields import generate_fields

    replace(Route, generate_fields=generate_fields)
    replace(core, inspect=_copy_of(inspect, signature=get_plain_signature))
    replace(components, inspect=_copy_of(inspect, signature=get_signature))


def _copy_of(module: types.ModuleType, **replaced: object) -> types.ModuleType:
    """Return *module* with some of its names *replaced*, for one module that imports it."""
    copy = types.ModuleType(module.__name__)
    copy.__dict__.update(vars(module), **replaced)
    return copy


def _ask_inspect_about_coroutines() -> None:
    """`asyncio.iscoroutinefunction` warns since Python 3.14 and is gone in 3.16.

    server/injector.py line 77. Remove when API Star asks `inspect`.
    """
    from apistar.server import injector

    if sys.version_info >= (3, 14) and injector.asyncio is asyncio:
        own = types.SimpleNamespace(iscoroutinefunction=inspect.iscoroutinefunction)
        replace(injector, asyncio=own)


# The rest repairs API Star's own classes in place, as handlers use them directly: a Type must not
# differ within and outside of a request.


def _refuse_impossible_dates() -> None:
    """'2018-13-45' was a 500, and '12:00garbage' a time.

    formats.py builds `datetime` objects and catches no ValueError, also of offsets beyond a day;
    TIME_REGEX is not anchored at its end.
    """
    from apistar import formats
    from apistar.exceptions import ValidationError

    if hasattr(formats.DateFormat.validate, '__wrapped__'):
        return
    if not formats.TIME_REGEX.pattern.endswith('$'):
        formats.TIME_REGEX = re.compile(formats.TIME_REGEX.pattern + '$')
    for format_class, name in (
        (formats.DateFormat, 'date'),
        (formats.TimeFormat, 'time'),
        (formats.DateTimeFormat, 'datetime'),
    ):
        replace(format_class, validate=_refusing(format_class.validate, name, ValidationError))


def _refusing(validate: Callable[..., Any], name: str, error: type[Exception]) -> object:
    @functools.wraps(validate)
    def refusing(self: BaseFormat, value: str) -> datetime.date | datetime.time:
        try:
            validated: datetime.date | datetime.time = validate(self, value)
        except (ValueError, OverflowError):
            raise error(f'Must be a valid {name}.') from None
        return validated

    return refusing


def _coerce_nullable_booleans() -> None:
    """`Boolean(allow_null=True)` read `self.value`; every `b: bool = None` was a 500.

    validators.py, Boolean.validate: the class attribute is `values`.
    """
    from apistar.validators import Boolean

    if not hasattr(Boolean, 'value'):
        replace(Boolean, value=Boolean.values)


def _refuse_numbers_beyond_float() -> None:
    """Text became NaN or infinity, and a whole number of 400 digits was an OverflowError, a 500.

    validators.py, NumericType.validate calls `isfinite` before it converts.
    """
    from apistar.validators import NumericType

    validate = NumericType.validate
    if hasattr(validate, '__wrapped__'):
        return

    @functools.wraps(validate)
    def validate_finite(
        self: NumericType,
        value: object,
        definitions: dict[str, Validator] | None = None,
        allow_coerce: bool = False,
    ) -> object:
        if allow_coerce and isinstance(value, str) and self.numeric_type is float:
            with contextlib.suppress(ValueError):  # `validate` raises its own error
                value = float(value)
        try:
            return validate(self, value, definitions, allow_coerce)
        except OverflowError:
            return self.error('finite')

    replace(NumericType, validate=validate_finite)


def _tell_dates_apart() -> None:
    """`Array(unique_items=True)` of dates or Types was an AssertionError, and so a 500.

    validators.py, Uniqueness.make_hashable knows the values of JSON only.
    """
    from apistar.types import Type
    from apistar.validators import Uniqueness

    make_hashable = Uniqueness.make_hashable
    if hasattr(make_hashable, '__wrapped__'):
        return

    @functools.wraps(make_hashable)
    def make_any_hashable(self: Uniqueness, element: object) -> object:
        if isinstance(element, (datetime.date, datetime.time)):
            return element
        return make_hashable(self, dict(element) if isinstance(element, Type) else element)

    replace(Uniqueness, make_hashable=make_any_hashable)


def _leave_unions_unchanged() -> None:
    """`(a | b) | c` appended c to the list of the first union (validators.py, `__or__`)."""
    from apistar.validators import Union, Validator

    def unite(self: Validator, other: Validator) -> Union:
        return Union([*_alternatives(self), *_alternatives(other)])

    def _alternatives(validator: Validator) -> list[Validator]:
        return list(validator.items) if isinstance(validator, Union) else [validator]

    replace(Validator, __or__=unite)


def _copy_types() -> None:
    """`copy`, `deepcopy` and `pickle` of a Type recursed without end (types.py, `__getattr__`).

    They make an instance without `_dict` and read its attributes.
    """
    from apistar.types import Type

    if '__reduce__' in vars(Type):
        return

    def reduce(self: Type) -> tuple[object, ...]:
        return _rebuild_type, (type(self), dict(object.__getattribute__(self, '_dict')))

    replace(Type, __reduce__=reduce)


def _rebuild_type(cls: type[Made], values: dict[str, object]) -> Made:
    instance = cls.__new__(cls)
    object.__setattr__(instance, '_dict', values)
    return instance


def _refuse_classes_of_validators() -> None:
    """`x = validators.String`, without parentheses, was a TypeError that names no field.

    types.py, TypeMetaclass. In an Array or an Object it was a 500 at each request. Remove when API
    Star refuses it.
    """
    from apistar import types, validators

    metaclass, array, object_ = types.TypeMetaclass, validators.Array, validators.Object
    make_type, make_array, make_object = metaclass.__new__, array.__init__, object_.__init__
    if hasattr(make_type, '__wrapped__'):
        return

    @functools.wraps(make_type)
    def new(cls: type, name: str, bases: tuple[type, ...], attrs: dict[str, object]) -> type:
        _check_instances(f'{attrs.get("__module__", "")}.{attrs.get("__qualname__", name)}', attrs)
        made: type = make_type(cls, name, bases, attrs)
        return made

    @functools.wraps(make_array)
    def init_array(self: Array, *args: Any, **kwargs: Any) -> None:
        make_array(self, *args, **kwargs)
        items = self.items if isinstance(self.items, list) else [self.items]
        for item in items:
            _check_instances('Array', {'items': item})
        _check_instances('Array', {'additional_items': self.additional_items})

    @functools.wraps(make_object)
    def init_object(self: Object, *args: Any, **kwargs: Any) -> None:
        make_object(self, *args, **kwargs)
        _check_instances('Object', {**self.properties, **self.pattern_properties})
        _check_instances('Object', {'additional_properties': self.additional_properties})

    replace(metaclass, __new__=staticmethod(new))
    replace(array, __init__=init_array)
    replace(object_, __init__=init_object)


def _check_instances(place: str, members: Mapping[str, object]) -> None:
    """Raise ConfigurationError for a class among *members* where API Star needs its instance."""
    from apistar.exceptions import ConfigurationError
    from apistar.validators import Validator

    for name, value in members.items():
        if isinstance(value, type) and issubclass(value, Validator):
            raise ConfigurationError(
                f'{place}: {name!r} is the class {value.__name__}. Write {value.__name__}(), which '
                'is a validator.'
            )


def _read_objects() -> None:
    """A Type of an object took the values of JSON only: most models have others, and were a 500.

    types.py, Type.__init__ and Type.validate. `attributes` converts them; compiled code finds that
    module beside `Type`. A dict is read as by API Star.
    """
    from apistar import types

    if hasattr(types, 'attributes'):
        return
    from django_apistar.compat import attributes

    replace(types, attributes=attributes)
    replace(
        types.Type, __init__=attributes.build_constructor(types.Type.__init__),
        validate=attributes.build_validate(types.Type.validate.__func__),
    )  # fmt: skip


def _validate_patterns_in_one_pass() -> None:
    """`Object(pattern_properties=…)` takes quadratic time: see `objects`."""
    from django_apistar.compat import objects

    objects.repair()


def _end_arrays_at_enough_messages() -> None:
    """An array of wrong items has a message for each, without end: see `arrays`."""
    from django_apistar.compat import arrays

    arrays.repair()
