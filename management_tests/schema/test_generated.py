"""Whatever the app, the official validators accept its document."""

import datetime
import functools
import inspect
import os
from typing import Any, List, Optional, Union

import pytest
from apistar import Include, Route, http, types, validators
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_apistar import schema
from django_apistar.routes.entries import walk_apistar
from django_apistar.schema.validation import find_errors

pytestmark = pytest.mark.once

pytest.importorskip('openapi_spec_validator')

# HYPOTHESIS_EXAMPLES=2000 for a thorough run.
EXAMPLES = int(os.environ.get('HYPOTHESIS_EXAMPLES', 100))
NAMES = st.sampled_from(['a', 'b', 'item', 'page_size', 'Name', 'x1'])
FIELDS = st.sampled_from(['id', 'name', 'größe', 'when', 'children', 'type', '$ref'])
TYPE_NAMES = st.sampled_from(['Product', 'User', 'Error', 'Größe'])
PATTERNS = st.sampled_from(
    ['^[a-z]+$', r'\A\d{3}\Z', r'(?P<year>\d+)', '(?i)abc', '(', r'(?P<a>x)(?P=a)', '', r'\(?P<a>']
)
FORMATS = st.sampled_from(
    ['date', 'time', 'datetime', 'uuid', 'email', 'textarea', 'byte', 'int32']
)
DEFAULTS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 300), st.floats(allow_nan=True), st.text(max_size=5),
    st.dates(), st.times(), st.datetimes(), st.just(object()), st.just([]), st.just({}),
    st.lists(st.integers(0, 9), max_size=3), st.dictionaries(FIELDS, st.integers(), max_size=2),
    st.sampled_from(['2018-1-1', '12:30', '2018-01-01T10:00', '2018-01-01T10:00Z']),
)  # fmt: skip
COUNTS = st.one_of(st.none(), st.integers(-1, 5))
LIMITS = st.one_of(st.none(), st.integers(-5, 5), st.floats(-5, 5), st.just(float('inf')))


def options(**strategies: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Keyword arguments for a validator: any of *strategies*, and what all validators take."""
    common = {
        'title': st.just('Title'), 'description': st.text(max_size=5), 'default': DEFAULTS,
        'allow_null': st.booleans(),
    }  # fmt: skip
    return st.fixed_dictionaries({}, optional={**common, **strategies})


def build(validator_class: Any, **strategies: Any) -> st.SearchStrategy[Any]:
    return options(**strategies).map(lambda kwargs: validator_class(**kwargs))


NUMBERS: dict[str, Any] = {
    'minimum': LIMITS, 'maximum': LIMITS, 'exclusive_minimum': st.booleans(),
    'exclusive_maximum': st.booleans(), 'multiple_of': st.sampled_from([0, 1, -2, 0.1]),
    'format': FORMATS,
}  # fmt: skip
LEAVES = st.one_of(
    build(
        validators.String, min_length=COUNTS, max_length=COUNTS, pattern=PATTERNS, format=FORMATS,
        enum=st.lists(st.sampled_from(['x', 'y']), max_size=3),
    ),
    build(validators.Integer, **NUMBERS),
    build(validators.Number, **NUMBERS),
    build(validators.Boolean),
    build(validators.Date), build(validators.Time), build(validators.DateTime),
    build(validators.Any),
    st.tuples(TYPE_NAMES, st.booleans()).map(lambda t: validators.Ref(t[0], allow_null=t[1])),
)  # fmt: skip


def containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Validators around *children*, which may be Types as well."""
    plain = children.map(lambda child: getattr(child, 'validator', child))
    names = st.sampled_from([None, 'Product', 'Not a name!'])
    return st.one_of(
        build(
            validators.Array, items=st.one_of(st.none(), children, st.lists(children, max_size=2)),
            additional_items=st.one_of(st.none(), st.booleans(), plain), min_items=COUNTS,
            max_items=COUNTS, unique_items=st.booleans(), def_name=names,
        ),
        build(
            validators.Object, properties=st.dictionaries(FIELDS, children, max_size=3),
            pattern_properties=st.dictionaries(
                st.sampled_from(['^x', '(?i)y']), children, max_size=2
            ),
            additional_properties=st.one_of(st.none(), st.booleans(), children),
            min_properties=COUNTS, max_properties=COUNTS, def_name=names,
            required=st.lists(FIELDS, max_size=2), definitions=st.dictionaries(TYPE_NAMES, plain),
        ),
        st.lists(plain, max_size=3).map(validators.Union),
        types_of(children),
    )  # fmt: skip


def types_of(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda name, fields, doc: type(name, (types.Type,), {**fields, '__doc__': doc}),
        TYPE_NAMES, st.dictionaries(FIELDS, children, max_size=4),
        st.one_of(st.none(), st.text(max_size=9)),
    )  # fmt: skip


VALIDATORS = st.recursive(LEAVES, containers, max_leaves=6)
TYPES = types_of(VALIDATORS)
PRIMITIVES = st.sampled_from([str, int, float, bool, inspect.Parameter.empty])
ANNOTATIONS = st.one_of(
    PRIMITIVES, TYPES, TYPES.map(lambda item: List[item]),
    st.sampled_from([
        Optional[int], Union[int, str], List[str], list[int], dict, Any, 'int', 'Unknown',
        http.Header, http.QueryParam, http.QueryParams, http.RequestData, http.Body,
        http.Request, http.Headers,
    ]),
)  # fmt: skip
RETURNS = st.one_of(
    st.just(inspect.Signature.empty), TYPES, TYPES.map(lambda item: List[item]),
    TYPES.map(lambda item: Optional[item]), VALIDATORS,
    st.sampled_from([
        None, str, int, bytes, dict, list, tuple, Any, http.Response, http.JSONResponse, object,
        datetime.date, dict[str, list[int]], Union[int, str, None], tuple[int, str],
        tuple[int, ...], 'Unknown',
    ]),
)  # fmt: skip
PATHS = st.lists(
    st.sampled_from(['a', 'é', '{a}', '{b}', '{+item}', '{page_size}']), max_size=3, unique=True
).map(lambda parts: '/' + ''.join(f'{part}/' for part in parts))


@st.composite
def routes(draw: Any) -> Route:
    path = draw(PATHS)
    parameters = []
    for name in draw(st.lists(NAMES, max_size=4, unique=True)):
        in_path = f'{{{name}}}' in path or f'{{+{name}}}' in path
        annotation = draw(st.sampled_from([str, int, float]) if in_path else ANNOTATIONS)
        default = draw(st.one_of(st.just(inspect.Parameter.empty), DEFAULTS))
        kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(name, kind, annotation=annotation, default=default))

    def handler(**kwargs: Any) -> None:
        raise NotImplementedError

    handler.__name__ = draw(NAMES)
    handler.__doc__ = draw(st.one_of(st.none(), st.text(max_size=20)))
    signature = inspect.Signature(parameters, return_annotation=draw(RETURNS))
    bodies = [item for item in parameters if isinstance(item.annotation, types.TypeMetaclass)]
    method = draw(st.sampled_from(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'post', 'OPTIONS']))
    handler.__signature__ = signature.replace(parameters=[])  # API Star's Link asserts, ours tells.
    route = Route(path, method if len(bodies) < 2 else 'GET', handler)
    handler.__signature__ = signature
    return route


APPS = st.lists(
    st.recursive(
        routes(),
        lambda items: st.builds(
            Include, st.sampled_from(['/x', '/y', '']), NAMES,
            st.lists(items, max_size=3, unique_by=lambda item: item.name),
        ),
        max_leaves=4,
    ),
    max_size=4,
)  # fmt: skip


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(app=APPS)
def test_the_document_of_every_app_is_valid(app):
    entries = list(walk_apistar(app))

    for build_document in (
        schema.build_openapi,
        functools.partial(schema.build_openapi, version='3.0'),
        schema.build_swagger,
        schema.build_json_schema,
    ):
        document = build_document(entries)

        assert find_errors(document) == ()
        assert schema.render(document) == schema.render(build_document(entries))
