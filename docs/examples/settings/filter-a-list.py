APISTAR_ROUTE_CONF = 'bookshop.filtering'


def prepare() -> None:
    from bookshop.models import Author, Book

    author = Author.objects.create(id=1, name='Austen')
    for number, title in enumerate(('Emma', 'Persuasion', 'Sanditon'), 1):
        Book.objects.create(id=number, title=title, author=author, price=number * 5)
