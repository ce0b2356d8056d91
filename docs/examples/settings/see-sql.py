DEBUG = True
APISTAR_ROUTE_CONF = 'bookshop.queries'
APISTAR_SETTINGS = {'EVENT_HOOKS': ['bookshop.queries.CountQueries']}


def prepare() -> None:
    from bookshop.models import Author, Book

    author = Author.objects.create(name='Austen')
    for title in ('Emma', 'Persuasion', 'Sanditon'):
        Book.objects.create(title=title, author=author, price=9)
