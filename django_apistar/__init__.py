"""API Star 0.5 and Django from one WSGI process."""

from django_apistar.compat import interrupts

interrupts.expect()  # before API Star is imported, which takes a while

from django_apistar.compat import adjustments  # noqa: E402

adjustments.install()

__version__ = '0.5.42.post1'


def reverse_url(name: str, /, **params: object) -> str:
    """Return the URL path of the route *name*: an API Star name first, then a Django name.

    Raises `django_apistar.routes.reverse.NoReverseMatch`, which is both frameworks' NoReverseMatch.
    """
    from django_apistar.application import get_route_table

    return get_route_table().reverse(name, **params)
