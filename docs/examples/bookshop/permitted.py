from apistar import Include, Route, types, validators

from bookshop import limited, models
from django_apistar.authentication import routes as authentication_routes
from django_apistar.permissions import requires


class NewAuthor(types.Type):
    name = validators.String(min_length=1)


@requires('bookshop.add_author')
def add_author(author: NewAuthor) -> dict:
    return {'id': models.Author.objects.create(name=author.name).id}


def count_books() -> dict:
    return {'books': models.Book.objects.count()}


routes = [
    Route('/authors/', 'POST', add_author),
    requires(staff=True)(Include('/office', 'office', [Route('/books/', 'GET', count_books)])),
    Include('/auth', 'auth', authentication_routes),
    *limited.routes,
]
