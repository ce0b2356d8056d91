from apistar import Include, Route

from django_apistar.authentication import routes as auth_routes

from loans import views

book_routes = [
    Route('/', 'GET', views.list_books),
    Route('/', 'POST', views.add_book),
    Route('/{book_id}/', 'GET', views.show_book),
    Route('/{book_id}/', 'PUT', views.change_book),
    Route('/{book_id}/', 'DELETE', views.remove_book),
    Route('/{book_id}/loans/', 'POST', views.lend_book),
]

routes = [
    Route('/', 'GET', views.welcome),
    Include('/books', 'books', book_routes),
    Include('/auth', 'auth', auth_routes),
]
