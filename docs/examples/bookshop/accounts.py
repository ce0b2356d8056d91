from apistar import Include, Route

from django_apistar.authentication import AuthenticatedUser, public
from django_apistar.authentication import routes as authentication_routes


@public
def welcome() -> dict:
    return {'message': 'Welcome'}


def show_me(user: AuthenticatedUser) -> dict:
    return {'name': user.get_username()}


routes = [
    Route('/', 'GET', welcome),
    Route('/me/', 'GET', show_me),
    Include('/auth', 'auth', authentication_routes),
]
