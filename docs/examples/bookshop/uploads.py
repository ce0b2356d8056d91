from apistar import Route, exceptions, http
from django.core.files import File
from django.shortcuts import get_object_or_404

from bookshop.models import Author, Book

SUFFIXES = {'image/png': 'png', 'image/jpeg': 'jpg'}


def add_book(title: str) -> dict:
    author, _ = Author.objects.get_or_create(name='Austen')
    return {'id': Book.objects.create(title=title, author=author, price=0).id}


def put_cover(book_id: int, data: http.RequestData) -> dict:
    """Store the picture of the form's field `cover`."""
    book = get_object_or_404(Book, id=book_id)
    upload = data['cover']
    suffix = SUFFIXES.get(upload.content_type)
    if suffix is None:
        raise exceptions.BadRequest({'cover': 'Must be a PNG or JPEG picture.'})
    book.cover.save(f'{book.id}.{suffix}', File(upload.stream))
    return {'cover': book.cover.url}


routes = [
    Route('/books/{title}/', 'PUT', add_book),
    Route('/covers/{book_id}/', 'POST', put_cover),
]
