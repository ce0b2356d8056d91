"""Errors as RFC 9457 has them, over HTTP in each mode, and in the document."""

from apistar import Route, validators
from apistar.http import JSONResponse

from django_apistar.exceptions import InvalidValue, ProblemDetails
from django_apistar.routes.entries import walk_apistar
from django_apistar.schema import build_openapi
from management_tests.support.oracle import ask, both_modes, build


class OutOfStock(ProblemDetails):
    left = validators.Integer()


def tell_problem() -> ProblemDetails:
    return ProblemDetails(title='Out of stock', status=409)


def tell_own_problem() -> OutOfStock:
    return OutOfStock(
        type='/problems/stock', title='Out of stock', status=409, detail='Two are left.', left=2
    )


def list_errors() -> ProblemDetails:
    wrong = InvalidValue(detail='Must be a number.', pointer='#/price')
    return JSONResponse(ProblemDetails(title='Bad Request', status=400, errors=[wrong]), 400)


@both_modes
def test_problem_has_the_members_that_it_was_given(app_class) -> None:
    app = build(app_class, Route('/', 'GET', tell_problem))

    assert ask(app).json() == {'type': 'about:blank', 'title': 'Out of stock', 'status': 409}


@both_modes
def test_problem_of_a_project_adds_members(app_class) -> None:
    app = build(app_class, Route('/', 'GET', tell_own_problem))

    assert ask(app).json() == {
        'type': '/problems/stock', 'title': 'Out of stock', 'status': 409,
        'detail': 'Two are left.', 'left': 2,
    }  # fmt: skip


@both_modes
def test_problem_names_the_values_that_are_wrong(app_class) -> None:
    app = build(app_class, Route('/', 'GET', list_errors))
    answer = ask(app)

    assert (answer.code, answer.json()) == (400, {
        'type': 'about:blank', 'title': 'Bad Request', 'status': 400,
        'errors': [{'detail': 'Must be a number.', 'pointer': '#/price'}],
    })  # fmt: skip


def describe(text) -> dict:
    return {'description': text, 'type': 'string'}


def test_document_says_which_members_a_problem_has_always() -> None:
    routes = [Route('/', 'GET', tell_problem), Route('/own/', 'GET', tell_own_problem)]
    schemas = build_openapi([*walk_apistar(routes)])['components']['schemas']

    assert {name: schemas[name]['required'] for name in ('ProblemDetails', 'OutOfStock')} == {
        'ProblemDetails': ['title', 'status'], 'OutOfStock': ['title', 'status', 'left'],
    }  # fmt: skip
    assert schemas['InvalidValue']['required'] == ['detail']
    assert schemas['InvalidValue']['properties'] == {
        'detail': describe('What is wrong.'),
        'pointer': describe(
            'Where it is in the body: a JSON Pointer as a URI fragment, such as #/price.'
        ),
        'parameter': describe('The parameter of the URL that has it.'),
    }
    assert schemas['ProblemDetails']['properties'] == {
        'type': {**describe('A URI that names the kind of problem.'), 'default': 'about:blank'},
        'title': describe('The kind of problem in words: by default the status.'),
        'status': {
            'description': 'The HTTP status.', 'type': 'integer', 'minimum': 100, 'maximum': 599,
        },
        'detail': describe('What is wrong with this request.'),
        'instance': describe('A URI that names this occurrence of the problem.'),
        'errors': {
            'description': 'What is wrong with each value.', 'type': 'array',
            'items': {'$ref': '#/components/schemas/InvalidValue'},
        },
    }  # fmt: skip
