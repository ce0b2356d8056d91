from apistar import Route, http, types, validators


class Review(types.Type):
    stars = validators.Integer(minimum=1, maximum=5)
    text = validators.String(max_length=200, default='')


def search(q: str) -> dict:
    return {'q': q}


def page(number: int = 1) -> dict:
    return {'page': number}


def show(book_id: int) -> dict:
    return {'book': book_id}


def hello(name: str = 'you') -> str:
    return f'<h1>Hello, {name}</h1>'


def quote(name: str = 'you') -> dict:
    return {'hello': name}


def browser(user_agent: http.Header) -> dict:
    return {'you are': user_agent}


def review(review: Review) -> Review:
    return review


routes = [
    Route('/search/', 'GET', search),
    Route('/page/', 'GET', page),
    Route('/books/{book_id}/', 'GET', show),
    Route('/hello/', 'GET', hello),
    Route('/quote/', 'GET', quote),
    Route('/browser/', 'GET', browser),
    Route('/reviews/', 'POST', review),
]
