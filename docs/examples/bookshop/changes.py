from typing import List

from apistar import Route
from django.shortcuts import get_object_or_404

from bookshop import models
from django_apistar.types import ModelType


class Book(ModelType):
    class Meta:
        model = models.Book
        fields = ['id', 'title', 'author', 'price', 'published']


def list_books() -> List[Book]:
    return models.Book.objects.order_by('id')


def create_book(book: Book) -> Book:
    return Book(book.create())


def replace_book(book_id: int, book: Book) -> Book:
    return Book(book.save_to(get_object_or_404(models.Book, id=book_id)))


def change_book(book_id: int, book: Book.partial) -> Book:
    return Book(book.save_to(get_object_or_404(models.Book, id=book_id)))


routes = [
    Route('/books/', 'GET', list_books),
    Route('/books/', 'POST', create_book),
    Route('/books/{book_id}/', 'PUT', replace_book),
    Route('/books/{book_id}/', 'PATCH', change_book),
]
