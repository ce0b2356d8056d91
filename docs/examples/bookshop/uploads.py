from apistar import Route, exceptions, http, types
from django.core.files import File as StoredFile
from django.shortcuts import get_object_or_404

from bookshop.models import Author, Book
from django_apistar.validators import File

SUFFIXES = {'image/png': 'png', 'image/jpeg': 'jpg'}


class Cover(types.Type):
    cover = File(max_size=1_000_000, content_types=SUFFIXES)


def add_book(title: str) -> dict:
    author, _ = Author.objects.get_or_create(name='Austen')
    return {'id': Book.objects.create(title=title, author=author, price=0).id}


def put_cover(book_id: int, cover: Cover) -> Cover:
    """Store the picture of the form's field `cover`."""
    book = get_object_or_404(Book, id=book_id)
    book.cover.save(f'{book.id}.{SUFFIXES[cover.cover.content_type]}', cover.cover)
    return Cover(book)


def put_any(book_id: int, data: http.RequestData) -> dict:
    """The same, by hand."""
    book = get_object_or_404(Book, id=book_id)
    upload = data['cover']
    suffix = SUFFIXES.get(upload.mimetype)
    if suffix is None:
        raise exceptions.BadRequest({'cover': 'Must be a PNG or JPEG picture.'})
    book.cover.save(f'{book.id}.{suffix}', StoredFile(upload.stream))
    return {'cover': book.cover.url}


routes = [
    Route('/books/{title}/', 'PUT', add_book),
    Route('/covers/{book_id}/', 'POST', put_cover),
    Route('/any/{book_id}/', 'POST', put_any),
]
