from apistar import Route, types, validators


class Address(types.Type):
    street = validators.String(max_length=100)
    city = validators.String(max_length=50)


class Line(types.Type):
    book_id = validators.Integer(minimum=1)
    copies = validators.Integer(minimum=1, maximum=99, default=1)


class Order(types.Type):
    email = validators.String(pattern=r'\A[^@\s]+@[^@\s]+\Z', description='Where the bill goes.')
    to = Address
    lines = validators.Array(items=Line, min_items=1)
    wanted_on = validators.Date(allow_null=True)
    wrapping = validators.String(enum=['none', 'paper', 'ribbon'], default='none')


class GiftOrder(Order):
    message = validators.String(max_length=200)


def place_order(order: Order) -> dict:
    copies = sum(line.copies for line in order.lines)
    return {'email': order.email, 'city': order.to.city, 'copies': copies}


def place_gift(order: GiftOrder) -> GiftOrder:
    return order


routes = [
    Route('/orders/', 'POST', place_order),
    Route('/gifts/', 'POST', place_gift),
]
