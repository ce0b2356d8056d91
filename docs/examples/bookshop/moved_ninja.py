from typing import List

from ninja import NinjaAPI, Schema
from ninja.security import HttpBearer

from bookshop import models
from django_apistar.authentication.models import Token

api = NinjaAPI(title='Bookshop')


class Book(Schema):
    id: int
    title: str


class TokenAuth(HttpBearer):
    """The tokens that clients have already."""

    def authenticate(self, request, token):
        found = Token.objects.authenticate(token)
        return found and found.user


@api.get('/books/', response=List[Book])
def list_books(request, limit: int = 20):
    """List the books, the newest first."""
    return models.Book.objects.order_by('-id')[:limit]


@api.get('/me/', auth=TokenAuth())
def show_me(request):
    return {'name': request.auth.get_username()}
