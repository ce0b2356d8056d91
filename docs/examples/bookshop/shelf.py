from typing import List

from apistar import Route, http, types, validators
from django.shortcuts import get_object_or_404

from bookshop import models


class Author(types.Type):
    id = validators.Integer()
    name = validators.String(max_length=100)


class Book(types.Type):
    id = validators.Integer()
    title = validators.String(max_length=200)
    price = validators.Number()
    published = validators.Date(allow_null=True)
    author = Author


class NewBook(types.Type):
    title = validators.String(max_length=200)
    author_id = validators.Integer(minimum=1)
    price = validators.String(pattern=r'\A\d{1,4}\.\d{2}\Z')


def list_books() -> List[Book]:
    return models.Book.objects.select_related('author').order_by('id')


def show_book(book_id: int) -> Book:
    return Book(get_object_or_404(models.Book, id=book_id))


def create_book(book: NewBook) -> Book:
    author = get_object_or_404(models.Author, id=book.author_id)
    created = models.Book.objects.create(title=book.title, author=author, price=book.price)
    created.refresh_from_db()
    return http.JSONResponse(Book(created), status_code=201)


def add_author(name: str) -> Author:
    return Author(models.Author.objects.create(name=name))


routes = [
    Route('/authors/{name}/', 'PUT', add_author),
    Route('/books/', 'GET', list_books),
    Route('/books/', 'POST', create_book),
    Route('/books/{book_id}/', 'GET', show_book),
]
