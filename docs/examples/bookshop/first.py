from apistar import Route


def double(number: int, unit: str = '') -> dict:
    """Double a number."""
    return {'double': 2 * number, 'unit': unit}


routes = [
    Route('/double/{number}/', 'GET', double),
]
