from apistar import App, Include, Route

BOOKS = {1: 'Emma', 2: 'Persuasion'}


def list_books() -> dict:
    """List the titles by their numbers."""
    return BOOKS


def show_book(book_id: int) -> dict:
    return {'id': book_id, 'title': BOOKS.get(book_id)}


def delete_book(book_id: int) -> dict:
    return {'deleted': book_id}


def show_file(path: str) -> dict:
    return {'path': path}


def show_place(lat: float, lon: float) -> dict:
    return {'lat': lat, 'lon': lon}


def list_links(app: App) -> list:
    return [
        app.reverse_url('books:list_books'),
        app.reverse_url('books:show_book', book_id=2),
        app.reverse_url('about'),
    ]


def about_us() -> dict:
    return {'name': 'Bookshop'}


book_routes = [
    Route('/', 'GET', list_books),
    Route('/{book_id}/', 'GET', show_book),
    Route('/{book_id}/', 'DELETE', delete_book),
]

routes = [
    Include('/books', 'books', book_routes),
    Route('/about/', 'GET', about_us, name='about'),
    Route('/files/{+path}', 'GET', show_file),
    Route('/places/<float(signed=True):lat>,<float(signed=True):lon>/', 'GET', show_place),
    Route('/links/', 'GET', list_links, documented=False),
]
