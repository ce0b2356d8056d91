from apistar import Route, types, validators
from django.shortcuts import get_object_or_404

from bookshop.models import Book
from django_apistar.responses import conditional


class Price(types.Type):
    price = validators.Number(minimum=0)


def get_version(book_id: int) -> str:
    book = get_object_or_404(Book, id=book_id)
    return f'{book.title}-{book.price}'


@conditional(etag=get_version)
def show_book(book_id: int) -> dict:
    book = Book.objects.get(id=book_id)
    return {'title': book.title, 'price': book.price}


@conditional(etag=get_version)
def set_price(book_id: int, price: Price) -> dict:
    Book.objects.filter(id=book_id).update(price=price.price)
    return {'price': price.price}


routes = [
    Route('/books/{book_id}/', 'GET', show_book),
    Route('/books/{book_id}/', 'PUT', set_price),
]
