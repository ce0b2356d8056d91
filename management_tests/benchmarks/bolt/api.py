"""Handlers of django-bolt, in its fastest form: coroutines where nothing blocks."""

from typing import Annotated

import msgspec
from django_bolt import BoltAPI

from management_tests.benchmarks.project import models

api = BoltAPI()


class Item(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(max_length=100)]
    price: Annotated[float, msgspec.Meta(ge=0)]
    quantity: Annotated[int, msgspec.Meta(ge=0)] = 1
    in_stock: bool = True


class Product(msgspec.Struct):
    id: int
    name: str
    description: str
    price: float
    quantity: int
    in_stock: bool


@api.get('/hello')
async def hello() -> dict:
    return {'message': 'Hello, world!'}


@api.get('/item/{pk}')
async def item(pk: int, limit: int = 10, q: str = '') -> dict:
    return {'pk': pk, 'limit': limit, 'q': q}


@api.post('/items')
async def create(item: Item) -> Item:
    return item


@api.get('/queryset')
def queryset(limit: int) -> list[Product]:
    return models.Product.objects.all()[:limit]
