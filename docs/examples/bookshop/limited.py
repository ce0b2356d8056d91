from apistar import Route

from bookshop import models
from django_apistar.authentication import (
    DjangoBasicAuthentication,
    DjangoTokenAuthentication,
    User,
)
from django_apistar.permissions import authenticated_by, limit_rate


@authenticated_by(DjangoTokenAuthentication, DjangoBasicAuthentication)
def export_prices(user: User) -> list:
    return list(models.Book.objects.values('title', 'price'))


@limit_rate('2/minute')
def search(q: str) -> list:
    return list(models.Book.objects.filter(title__contains=q).values('title'))


routes = [Route('/prices/', 'GET', export_prices), Route('/search/', 'GET', search)]
