"""The benchmark's table, made without migrations."""

from django.db import connection

from management_tests.benchmarks.project.models import Product

ROWS = 1000


def fill_database() -> None:
    """Make the table of products with its rows."""
    with connection.schema_editor() as editor:
        editor.create_model(Product)
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
    connection.close()
