"""Routes of both API Stars. A Route belongs to one App, so each App gets its own."""

from typing import Any

from apistar import Route

from management_tests.benchmarks.project import devices, handlers


def build_routes(can_render_querysets: bool = True) -> list[Any]:
    """Return the routes. What is a QuerySet in ours is a list of Types in the stock API Star."""
    rows = handlers.products_queryset if can_render_querysets else handlers.products
    return [
        Route('/hello/', 'GET', handlers.hello),
        Route('/item/{pk}/', 'GET', handlers.item),
        Route('/items/', 'POST', handlers.create),
        Route('/orders/', 'POST', handlers.order),
        Route('/products/', 'GET', handlers.products),
        Route('/queryset/', 'GET', rows, name='queryset'),
    ]


def build_things(count: int) -> list[Any]:
    """Return *count* routes with a parameter each."""
    return [
        Route(f'/thing{number}/{{pk}}/', 'GET', handlers.thing, name=f'thing{number}')
        for number in range(count)
    ]


routes = [*build_routes(), *devices.routes]
