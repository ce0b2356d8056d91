"""The benchmark's table, made without migrations."""

from decimal import Decimal

from django.db import connection

from management_tests.benchmarks.cases import ROWS
from management_tests.benchmarks.project.models import Brand, Device, Product

BRANDS = 10


def fill_database() -> None:
    """Make the tables with their rows."""
    connection.cursor().execute('PRAGMA journal_mode = WAL')
    with connection.schema_editor() as editor:
        for model in (Product, Brand, Device):
            editor.create_model(model)
    Product.objects.bulk_create(
        Product(
            name=f'Product {number}',
            description=f'The product with the number {number}, and nothing else to say about it.',
            price=number * 1.25,
            quantity=number,
            in_stock=number % 3 > 0,
        )
        for number in range(ROWS)
    )
    Brand.objects.bulk_create(Brand(name=f'Brand {number}') for number in range(BRANDS))
    Device.objects.bulk_create(
        Device(
            name=f'Device {number}', price=Decimal(number) * Decimal('1.25'),
            brand_id=number % BRANDS + 1,
        )
        for number in range(ROWS)
    )  # fmt: skip
    connection.close()
