from apistar import App, Route
from django.template.loader import render_to_string


def hello(visitor: str, app: App) -> str:
    return app.render_template('hello.html', visitor=visitor)


def hello_by_django(visitor: str) -> str:
    return render_to_string('bookshop/hello.html', {'visitor': visitor})


routes = [
    Route('/hello/{visitor}/', 'GET', hello),
    Route('/django-hello/{visitor}/', 'GET', hello_by_django),
]
