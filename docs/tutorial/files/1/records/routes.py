from apistar import Route


def welcome() -> dict:
    """Say what this is."""
    return {'message': 'The records.'}


routes = [Route('/', 'GET', welcome)]
