from typing import List

from apistar import Route, types, validators

from bookshop import models


class Book(types.Type):
    id = validators.Integer()
    title = validators.String(max_length=200)


def list_books(limit: int = 20) -> List[Book]:
    """List the books, the newest first."""
    return models.Book.objects.order_by('-id')[:limit]


routes = [
    Route('/books/', 'GET', list_books),
]
