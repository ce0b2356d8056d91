"""apistar_docs --check names what breaks a client, and nothing else."""

import copy
from typing import List, Optional

import pytest
from apistar import Route, http, types, validators

from django_apistar import schema
from django_apistar.routes.entries import walk_apistar
from django_apistar.schema.changes import compare
from django_apistar.schema.changes.reports import diff
from management_tests.support import nasty

pytestmark = pytest.mark.once


def breaking_changes(old, new):
    """Return a sentence, without its example, for each change that breaks a client or may."""
    return tuple(
        f'{change.place}: {change.message.partition(" Example: ")[0]}'
        for change in compare(old, new).changes
        if change.level != 'info'
    )


def document(routes, **options):
    return schema.build_openapi(list(walk_apistar(routes)), **options)


def product(**changes):
    """Return a Type named Product; *changes* replace its fields, None removes one."""
    fields = {
        'name': validators.String(max_length=10),
        'color': validators.String(enum=['red', 'blue']),
        'price': validators.Number(minimum=0, default=1),
        'tags': validators.Array(items=validators.String(), default=[]),
        **changes,
    }
    kept = {name: field for name, field in fields.items() if field is not None}
    return type('Product', (types.Type,), kept)


def compared(old_handler, new_handler, method='GET', path='/x/'):
    old, new = (
        document([Route(path, method, item, name='x')]) for item in (old_handler, new_handler)
    )
    return breaking_changes(old, new)


def body_changes(**changes):
    def old(body: product()) -> dict: ...
    def new(body: product(**changes)) -> dict: ...

    return compared(old, new, 'POST')


def response_changes(**changes):
    def old() -> product(): ...
    def new() -> product(**changes): ...

    return compared(old, new)


def handler(): ...


def test_an_equal_document_has_no_difference():
    old, new = document(nasty.routes), document(nasty.routes)

    assert diff(old, new, 'a', 'b') == ()
    assert breaking_changes(old, new) == ()


def test_an_added_route_breaks_nobody():
    old = document([Route('/a/', 'GET', handler)])
    new = document([Route('/a/', 'GET', handler), Route('/a/', 'POST', handler, name='b')])

    assert breaking_changes(old, new) == ()
    assert diff(old, new, 'a', 'b')[:2] == ('--- a', '+++ b')


def test_removed_paths_and_operations():
    old = document([
        Route('/a/', 'GET', handler, name='a'), Route('/b/', 'GET', handler, name='b'),
        Route('/b/', 'POST', handler, name='c'),
    ])  # fmt: skip
    new = document([Route('/b/', 'GET', handler, name='b')])

    assert breaking_changes(old, new) == (
        '/a/: the path was removed.',
        'POST /b/: the operation was removed.',
    )


def test_a_path_parameter_may_be_renamed():
    def old(a: int): ...
    def new(b: int): ...

    before = document([Route('/{a}/', 'GET', old, name='x')])
    after = document([Route('/{b}/', 'GET', new, name='x')])

    assert breaking_changes(before, after) == ()


def test_parameters():
    def old(kept: int, loose: str = '', wide: float = 1.0, gone: str = ''): ...
    def new(kept: int, loose: str, added: int, wide: int = 1, optional: str = ''): ...

    assert compared(old, new) == (
        "GET /x/: the query parameter 'loose' is now required.",
        "GET /x/: the query parameter 'wide' no longer takes number.",
        "GET /x/: the query parameter 'added' is new and required.",
        "GET /x/: the query parameter 'gone' was removed: it is no longer looked at.",
    )


def test_a_path_parameter_that_becomes_a_number():
    def old(a: str): ...
    def new(a: int): ...

    assert compared(old, new, path='/{a}/') == (
        "GET /{a}/: the path parameter 'a' no longer takes string.",
    )


def test_a_parameter_that_becomes_text_takes_the_numbers_of_before():
    def old(a: int, q: float, many: List[int] = []): ...  # noqa: B006
    def new(a: str, q: str, many: List[str] = []): ...  # noqa: B006

    assert compared(old, new, path='/{a}/') == ()


def test_a_body_that_becomes_required():
    def new(body: product()): ...

    assert compared(handler, new, 'POST') == ('POST /x/: a request body is now required.',)


def test_a_body_of_fewer_media_types():
    def old(data: http.RequestData) -> dict: ...
    def new(body: product()) -> dict: ...

    assert compared(old, new, 'POST')[:4] == (
        'POST /x/: the request body is now required.',
        'POST /x/: the body no longer takes array, boolean, null, number, string.',
        'POST /x/: the body may no longer be application/x-www-form-urlencoded.',
        'POST /x/: the body may no longer be multipart/form-data.',
    )


@pytest.mark.parametrize(
    ('changes', 'sentences'),
    [
        (
            {'extra': validators.String(default='')},
            ('the body.extra is new: what an object held under this name must now fit.',),
        ),
        ({'name': None}, ('the body.name was removed: it is no longer looked at.',)),
        ({'name': validators.String(max_length=20)}, ()),
        ({'extra': validators.String()}, ("the body now needs the new 'extra'.",)),
        ({'price': validators.Number(minimum=0)}, ("the body now needs 'price'.",)),
        (
            {'price': validators.Integer(minimum=0, default=1)},
            ('the body.price no longer takes number.',),
        ),
        (
            {'price': validators.Number(minimum=1, default=1)},
            ('the body.price is now limited by minimum 1, before 0.',),
        ),
        (
            {'price': validators.Number(minimum=0, maximum=9, default=1)},
            ('the body.price is now limited by maximum 9.',),
        ),
        (
            {'name': validators.String(max_length=9, pattern='^a')},
            (
                'the body.name is now limited by maxLength 9, before 10.',
                "the body.name must now fit the pattern '^a'.",
            ),
        ),
        (
            {'color': validators.String(enum=['blue'])},
            ('the body.color no longer takes "red".',),
        ),
        (
            {'name': validators.String(enum=['a'])},
            ('the body.name now takes nothing but "a".',),
        ),
        (
            {'name': validators.Date()},
            ("the body.name must now be of the format 'date'.",),
        ),
        (
            {'tags': validators.Array(items=validators.Integer(), unique_items=True, default=[])},
            (
                'the body.tags must now have unique items.',
                'the body.tags[] no longer takes string.',
            ),
        ),
    ],
)
def test_a_body_that_takes_less(changes, sentences):
    assert body_changes(**changes) == tuple(f'POST /x/: {sentence}' for sentence in sentences)


@pytest.mark.parametrize(
    ('changes', 'sentences'),
    [
        ({'extra': validators.String()}, ()),
        (
            {'price': validators.Number()},
            ('the response.price may now be beyond the minimum 0.',),
        ),
        ({'color': validators.String(enum=['red'])}, ()),
        ({'name': None}, ('the response.name was removed.',)),
        ({'name': validators.String(max_length=9, default='')}, (
            'the response.name may now be missing.',
        )),
        ({'price': validators.Any()}, (
            'the response.price may now be array, boolean, null, object, string.',
        )),
        ({'name': validators.String(max_length=10, allow_null=True)}, (
            'the response.name may now be missing.',
            'the response.name may now be null.',
        )),
        ({'when': validators.Date()}, ()),
        ({'color': validators.String(enum=['red', 'blue', 'green'])}, (
            'the response.color may now be "green".',
        )),
    ],
)  # fmt: skip
def test_a_response_that_promises_less(changes, sentences):
    assert response_changes(**changes) == tuple(f'GET /x/: {sentence}' for sentence in sentences)


def pet(**changes):
    """Return the validator of a cat, a dog or null; *changes* are other fields of the dog's."""
    cat = validators.Object(properties={'claws': validators.Integer()}, required=['claws'])
    fields = {'bark': validators.String(enum=['wuff', 'waff']), **changes}
    dog = validators.Object(properties=fields, required=['bark'])
    return validators.Union([cat, dog], allow_null=True)


OPEN = {
    'pet': pet(),
    'free': validators.Array(),
    'prices': validators.Object(additional_properties=validators.Number()),
    'pair': validators.Array(items=[validators.String(), validators.Integer()]),
}


def box(fields):
    return type('Box', (types.Type,), {**fields})


FREE = 'array, boolean, null, number, object, string'


@pytest.mark.parametrize('version', ['3.1', '3.0'])
@pytest.mark.parametrize(
    ('changes', 'taken', 'given'),
    [
        (
            {'pet': pet(name=validators.String())},
            ('the body.pet.name is new: what an object held under this name must now fit.',),
            (),
        ),
        (
            {'pet': pet(bark=validators.String(enum=['wuff']))},
            ('the body.pet.bark no longer takes "waff".',),
            (),
        ),
        (
            {'pet': pet(bark=validators.String(enum=['wuff', 'waff', 'woff']))},
            (),
            ('the response.pet.bark may now be "woff".',),
        ),
        (
            {'free': validators.Array(items=validators.Integer())},
            (f'the body.free[] no longer takes {FREE}.',),
            (),
        ),
        (
            {'prices': validators.Object(additional_properties=validators.Integer())},
            ('the body.prices.* no longer takes number.',),
            (),
        ),
        (
            {'prices': validators.Object()},
            (),
            ('the response.prices.* may now be array, boolean, null, object, string.',),
        ),
    ],
)
def test_changes_below_alternatives_and_open_parts(version, changes, taken, given):
    def get_changes(fields):
        def body(body: box(fields)) -> dict: ...
        def response() -> box(fields): ...

        return [Route('/x/', 'POST', body, name='b'), Route('/x/', 'GET', response, name='r')]

    old, new = (
        document(get_changes(fields), version=version) for fields in (OPEN, {**OPEN, **changes})
    )

    assert breaking_changes(old, new) == (
        *(f'POST /x/: {sentence}' for sentence in taken),
        *(f'GET /x/: {sentence}' for sentence in given),
    )


def test_a_tuple_whose_second_item_takes_less():
    less = validators.Array(items=[validators.String(), validators.Integer(maximum=3)])

    def old(body: box(OPEN)) -> dict: ...
    def new(body: box({**OPEN, 'pair': less})) -> dict: ...

    assert compared(old, new, 'POST') == (
        'POST /x/: the body.pair[1] is now limited by maximum 3.',
    )


def test_a_type_behind_optional_may_be_renamed_and_not_narrowed():
    def optional(name, **fields):
        kind = type(name, (types.Type,), fields)

        def handler(body: Optional[kind]) -> Optional[kind]: ...

        return handler

    old = optional('Cat', claws=validators.Integer(maximum=20))

    renamed = optional('Kitten', claws=validators.Integer(maximum=20))
    assert compared(old, renamed, 'POST') == ()
    narrowed = optional('Cat', claws=validators.Integer(maximum=10))
    assert compared(old, narrowed, 'POST') == (
        'POST /x/: the body.claws is now limited by maximum 10, before 20.',
    )


def test_a_response_that_becomes_another_status_or_media_type():
    def old() -> dict:
        return {}

    def created() -> dict:
        return http.JSONResponse({}, status_code=201)

    def page() -> str:
        return ''

    assert compared(old, created) == (
        'GET /x/: the response 200 was removed.',
        'GET /x/: there may now be the response 201.',
    )
    assert compared(old, page) == ('GET /x/: the response is no longer application/json.',)


def test_authentication_that_becomes_required():
    routes = [Route('/x/', 'GET', handler)]
    guarded = schema.Surroundings(
        security={'bearer': {'type': 'http', 'scheme': 'bearer'}}, needs_user=lambda entry: True
    )

    assert breaking_changes(document(routes), document(routes, surroundings=guarded)) == (
        'GET /x/: authentication is now required.',
    )


def test_authentication_by_another_scheme():
    def guarded(name, **scheme):
        return document([Route('/x/', 'GET', handler)], surroundings=schema.Surroundings(
            security={name: {'type': 'http', **scheme}}, needs_user=lambda entry: True
        ))  # fmt: skip

    basic, bearer = guarded('basic', scheme='basic'), guarded('bearer', scheme='bearer')

    assert breaking_changes(basic, guarded('password', scheme='basic')) == ()
    assert breaking_changes(basic, bearer) == (
        'GET /x/: authentication by basic is no longer possible.',
    )


def test_recursive_types_end():
    old = document(nasty.routes)
    new = copy.deepcopy(old)
    del new['components']['schemas']['Person']['properties']['address']['$ref']
    new['components']['schemas']['Person']['properties']['address']['type'] = 'string'

    assert 'POST /people/: the body.address no longer takes object.' in breaking_changes(old, new)


@pytest.mark.parametrize('broken', [{}, {'x': None}, {'/x/': None}, {'/x/': {'get': {}}}, []])
def test_a_document_that_is_not_openapi_is_no_traceback(broken):
    new = document([Route('/x/', 'GET', handler)])

    assert breaking_changes({'openapi': '3.1.0', 'paths': broken}, new) in (
        (), ('GET /x/: there may now be the response 200.',),
    )  # fmt: skip


def test_no_diff_of_documents_that_would_take_minutes():
    old, new = ({'a': [number] * 200_001} for number in (1, 2))

    assert diff(old, new, 'a', 'b') == ('--- a and b differ; they are too long for a diff.',)
    assert diff(old, old, 'a', 'b') == ()
