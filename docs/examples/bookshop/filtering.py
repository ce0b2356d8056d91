import django_filters
from apistar import Route, types, validators

from bookshop import models
from django_apistar.pagination import Page, PageNumber
from django_apistar.validators import Decimal


class Book(types.Type):
    title = validators.String()
    price = Decimal(max_digits=6, decimal_places=2)


class BookFilter(django_filters.FilterSet):
    class Meta:
        model = models.Book
        fields = {'title': ['icontains'], 'price': ['lt', 'gt'], 'author__name': ['exact']}


def list_books(page: PageNumber, books: BookFilter) -> Page[Book]:
    return page.of(books.qs)


routes = [Route('/books/', 'GET', list_books)]
