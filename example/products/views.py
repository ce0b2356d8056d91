"""The handlers. API Star calls each with what its parameters ask for:

a parameter named in the route's path, then from the query string, or, with a `types.Type`, the
JSON body, already validated: a wrong one was answered with 400 before the handler is called.
"""

from typing import List

from apistar import http
from django.shortcuts import get_object_or_404

from products import models, schemas


def welcome(name: str = '') -> dict:
    """Greet the visitor, by name when there is one."""
    return {'message': f'Welcome to API Star, {name}!' if name else 'Welcome to API Star!'}


def list_products(name: str = '') -> List[schemas.Product]:
    """List all products, or only those with a text in their names, in upper or lower case."""
    if '\x00' in name:  # PostgreSQL cannot even look for it.
        return []
    products = models.Product.objects.filter(name__icontains=name)
    return [schemas.Product(product) for product in products]


def create_product(product: schemas.Product) -> schemas.Product:
    """Add a product."""
    created = models.Product.objects.create(**{**product, 'id': None})
    return http.JSONResponse(schemas.Product(created), status_code=201)


def update_product(product_id: int, product: schemas.Product) -> schemas.Product:
    """Replace a product."""
    stored = get_object_or_404(models.Product, id=product_id)
    for field, value in {**product, 'id': product_id}.items():
        setattr(stored, field, value)
    stored.save()
    return schemas.Product(stored)


def delete_product(product_id: int) -> dict:
    """Remove a product."""
    get_object_or_404(models.Product, id=product_id).delete()
    return {'id': product_id}
