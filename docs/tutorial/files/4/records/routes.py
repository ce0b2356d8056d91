from apistar import Include, Route

from django_apistar.authentication import routes as authentication_routes
from django_apistar.permissions import requires
from records import views

may_add = requires('records.add_record')
may_change = requires('records.change_record')

routes = [
    Route('/', 'GET', views.welcome),
    Route('/records/', 'GET', views.list_records),
    may_add(Route('/records/', 'POST', views.create_record)),
    Route('/records/{record_id}/', 'GET', views.show_record),
    may_change(Route('/records/{record_id}/', 'PATCH', views.change_record)),
    may_change(Route('/records/{record_id}/cover/', 'POST', views.upload_cover)),
    Include('/auth', 'auth', authentication_routes),
]
