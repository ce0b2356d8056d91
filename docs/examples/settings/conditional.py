APISTAR_ROUTE_CONF = 'bookshop.versions'


def prepare() -> None:
    from bookshop.models import Author, Book

    author = Author.objects.create(id=1, name='Austen')
    Book.objects.create(id=1, title='Emma', author=author, price=9)
