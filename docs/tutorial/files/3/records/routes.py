from apistar import Route

from records import views

routes = [
    Route('/', 'GET', views.welcome),
    Route('/records/', 'GET', views.list_records),
    Route('/records/', 'POST', views.create_record),
    Route('/records/{record_id}/', 'GET', views.show_record),
    Route('/records/{record_id}/', 'PATCH', views.change_record),
    Route('/records/{record_id}/cover/', 'POST', views.upload_cover),
]
