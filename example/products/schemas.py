from apistar import types, validators

from products import models


class Product(types.Type):
    id = validators.Integer(allow_null=True, description='Given by the shop.')
    name = validators.String(max_length=100)
    rating = validators.Integer(minimum=1, maximum=5, allow_null=True)
    in_stock = validators.Boolean()
    size = validators.String(enum=models.Product.Size.values, allow_null=True)
