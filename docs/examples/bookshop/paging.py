from typing import List

from apistar import Route, types, validators

from bookshop import models


class Title(types.Type):
    id = validators.Integer()
    title = validators.String()


class Page(types.Type):
    count = validators.Integer()
    next = validators.Integer(allow_null=True, description='The offset of the next page.')
    results = validators.Array(items=Title)


def list_books(offset: int = 0, limit: int = 20) -> Page:
    offset, limit = max(offset, 0), min(max(limit, 1), 100)
    books = models.Book.objects.order_by('id')
    count = books.count()
    following = offset + limit if offset + limit < count else None
    return Page(count=count, next=following, results=shown(books[offset : offset + limit]))


def shown(books) -> List[dict]:
    return [dict(Title(book)) for book in books]


routes = [Route('/books/', 'GET', list_books)]
