ROOT_URLCONF = 'bookshop.moved_urls'
APISTAR_ROUTE_CONF = 'bookshop.moving'
APISTAR_SETTINGS = {'ALLOWED_DJANGO_ROUTES': ['/django/', '/ninja/']}


def prepare() -> None:
    from bookshop.models import Author, Book

    author = Author.objects.create(name='Austen')
    for number, title in enumerate(('Emma', 'Persuasion'), 1):
        Book.objects.create(id=number, title=title, author=author, price=9)
