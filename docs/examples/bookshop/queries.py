import logging

from apistar import Route, http
from django.db import connection

from bookshop.models import Book

logger = logging.getLogger(__name__)


class CountQueries:
    """Tells how many queries a request made. Django keeps them under DEBUG alone."""

    def on_response(self, response: http.Response) -> None:
        response.headers['X-Queries'] = str(len(connection.queries))


def list_authors() -> list:
    return [book.author.name for book in Book.objects.all()]


def list_authors_at_once() -> list:
    return [book.author.name for book in Book.objects.select_related('author')]


routes = [
    Route('/slow/', 'GET', list_authors),
    Route('/fast/', 'GET', list_authors_at_once),
]
