"""WSGI applications for the servers, made when they are asked for by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from management_tests.benchmarks.project.models import Brand, Device, Product

PRICE = Decimal('12.50')  # to make it is no call of the ORM


def bare(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """What the server alone costs: our answer to hello, made of nothing."""
    body = b'{"message":"Hello, world!"}'
    headers = [
        ('content-length', str(len(body))), ('content-type', 'application/json'),
        ('x-content-type-options', 'nosniff'), ('referrer-policy', 'same-origin'),
        ('cross-origin-opener-policy', 'same-origin'), ('x-frame-options', 'DENY'),
    ]  # fmt: skip
    start_response('200 OK', headers)
    return [body]


def rows(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """What a list of model instances costs before anybody does anything with them."""
    list(Product.objects.all()[:100])
    return bare(environ, start_response)


def values(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """What the same rows cost as tuples."""
    list(Product.objects.values_list()[:100])
    return bare(environ, start_response)


def page_rows(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """What the page of joined rows costs as tuples, with its count."""
    cheap = Device.objects.filter(price__lt=Decimal(900))
    cheap.count()
    list(cheap.values_list('id', 'name', 'price', 'brand_id', 'brand__name')[100:200])
    return end(start_response)


def no_row(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """What the server alone costs of a row: those below answer the same, and call the ORM."""
    return end(start_response)


def create_row(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """What the ORM costs of a row that is written."""
    Device.objects.create(name='Lamp', price=PRICE, brand_id=3)
    return end(start_response)


def create_row_of_brand(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The same, where the brand is fetched first."""
    brand = Brand.objects.get(pk=3)
    Device.objects.create(name='Lamp', price=PRICE, brand=brand)
    return end(start_response)


def create_clean_row(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The same, with the model's own validation, in a transaction: the calls that ours makes."""
    with transaction.atomic():
        device = Device()  # which takes a quarter less without arguments
        device.name, device.price, device.brand_id = 'Lamp', PRICE, 3
        device.full_clean()
        device.save()
    return end(start_response)


def end(start_response: Any) -> list[bytes]:
    """Answer with as little as there is."""
    start_response('200 OK', [('content-length', '0')])
    return []


def __getattr__(name: str) -> Any:
    from management_tests.benchmarks.cases import Variant
    from management_tests.benchmarks.subjects import BUILDERS

    if name not in BUILDERS:
        raise AttributeError(name)
    return BUILDERS[name](Variant())
