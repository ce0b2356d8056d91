from apistar import Route, exceptions, types, validators
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404

from bookshop import models
from django_apistar.exceptions import Conflict, HTTPError, ProblemDetails, TooManyRequests


class Order(types.Type):
    copies = validators.Integer(maximum=3)
    sizes = validators.Array(items=validators.String())


def reserve(copies: int) -> dict:
    if copies > 3:
        raise exceptions.BadRequest({'copies': 'Must be less than or equal to 3.'})
    if copies == 3:
        raise Conflict('Only 2 copies are left.')
    return {'reserved': copies}


def call() -> dict:
    raise TooManyRequests(headers={'Retry-After': '30'})


def tea() -> dict:
    raise exceptions.HTTPException('I am a teapot', status_code=418)


def order(order: Order) -> dict:
    return {'ordered': order.copies}


def sell() -> dict:
    raise HTTPError(
        ProblemDetails(type='/problems/stock', title='Out of stock', status=409, detail='Wait.'),
        status_code=409,
    )


def show_book(book_id: int) -> dict:
    return {'title': get_object_or_404(models.Book, id=book_id).title}


def show_accounts() -> dict:
    raise PermissionDenied


def divide() -> dict:
    return {'result': 1 / 0}


routes = [
    Route('/reserve/', 'POST', reserve),
    Route('/call/', 'GET', call),
    Route('/tea/', 'GET', tea),
    Route('/orders/', 'POST', order),
    Route('/sales/', 'POST', sell),
    Route('/books/{book_id}/', 'GET', show_book),
    Route('/accounts/', 'GET', show_accounts),
    Route('/divide/', 'GET', divide),
]
