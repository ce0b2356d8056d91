APISTAR_ROUTE_CONF = 'bookshop.changes'


def prepare() -> None:
    from bookshop.models import Author

    Author.objects.create(id=1, name='Austen')
