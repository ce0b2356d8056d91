from apistar import types, validators

from products import models

# PostgreSQL stores every character but this one.
WITHOUT_NUL = r'^[^\x00]*$'


class Product(types.Type):
    example = {'name': 'Chocolate', 'rating': 5, 'in_stock': True, 'size': 'small'}

    id = validators.Integer(allow_null=True, description='Given by the shop.')
    name = validators.String(
        max_length=100, pattern=WITHOUT_NUL, description='As customers read it.'
    )
    rating = validators.Integer(
        minimum=1, maximum=5, allow_null=True, description='Stars of customers.'
    )
    in_stock = validators.Boolean(description='Whether it can be had at once.')
    size = validators.String(
        enum=models.Product.Size.values, allow_null=True, description='Of the packet.'
    )
