"""Handlers of both API Stars: the stock one and ours."""

from typing import List

from apistar import http, types, validators

from management_tests.benchmarks.project import models


class Item(types.Type):
    name = validators.String(max_length=100)
    price = validators.Number(minimum=0)
    quantity = validators.Integer(minimum=0, default=1)
    in_stock = validators.Boolean(default=True)


class Product(types.Type):
    id = validators.Integer()
    name = validators.String(max_length=100)
    description = validators.String()
    price = validators.Number()
    quantity = validators.Integer()
    in_stock = validators.Boolean()


class Order(types.Type):
    customer = validators.String(max_length=100)
    lines = validators.Array(items=Item)


class RequestTimer:
    """A hook as API Star documents them: a class, made for each request."""

    def on_request(self, request: http.Method) -> None:
        self.method = request

    def on_response(self, response: http.Response) -> None:
        response.headers['x-method'] = str(self.method)


def hello() -> dict:
    return {'message': 'Hello, world!'}


def item(pk: int, limit: int = 10, q: str = '') -> dict:
    return {'pk': pk, 'limit': limit, 'q': q}


def create(item: Item) -> Item:
    return item


def order(order: Order) -> dict:
    return {'lines': len(order.lines)}


def products(limit: int) -> List[Product]:
    return [Product(row) for row in models.Product.objects.all()[:limit]]


def products_queryset(limit: int) -> List[Product]:
    return models.Product.objects.all()[:limit]


def thing(pk: int) -> dict:
    return {'pk': pk}
