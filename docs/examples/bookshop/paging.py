from apistar import Route, types, validators

from bookshop import models
from django_apistar.pagination import Page, PageNumber


class Title(types.Type):
    id = validators.Integer()
    title = validators.String()


def list_books(page: PageNumber) -> Page[Title]:
    return page.of(models.Book.objects.order_by('id'))


routes = [Route('/books/', 'GET', list_books)]
