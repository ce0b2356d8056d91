from typing import List, Optional

from apistar import App, Route, http, types, validators


class Order(types.Type):
    book_id = validators.Integer(minimum=1)
    copies = validators.Integer(minimum=1, default=1)


def search(q: str, limit: int = 10, exact: bool = False) -> dict:
    return {'q': q, 'limit': limit, 'exact': exact}


def filter_books(tag: List[str], year: Optional[int]) -> dict:
    return {'tag': tag, 'year': year}


def show_book(book_id: int, format: str = 'short') -> dict:
    return {'id': book_id, 'format': format}


def place_order(order: Order) -> dict:
    return {'ordered': order.book_id, 'copies': order.copies}


def place_orders(orders: List[Order]) -> dict:
    return {'copies': sum(order.copies for order in orders)}


def count_copies(order: Order) -> dict:
    return {'copies': order.copies}


def describe(request: http.Request, accept_language: http.Header, app: App) -> dict:
    return {
        'method': request.method,
        'path': request.url.components.path,
        'language': accept_language,
        'routes': len(app.document.get_links()),
    }


routes = [
    Route('/search/', 'GET', search),
    Route('/filter/', 'GET', filter_books),
    Route('/books/{book_id}/', 'GET', show_book),
    Route('/orders/', 'POST', place_order),
    Route('/orders/many/', 'POST', place_orders),
    Route('/orders/count/', 'GET', count_copies),
    Route('/describe/', 'GET', describe),
]
