from apistar import Route

from records import views

routes = [
    Route('/', 'GET', views.welcome),
    Route('/records/', 'GET', views.list_records),
    Route('/records/{record_id}/', 'GET', views.show_record),
]
