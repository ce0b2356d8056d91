from django.urls import path

from bookshop import moved_ninja, moved_view

urlpatterns = [
    path('django/books/', moved_view.list_books),
    path('ninja/', moved_ninja.api.urls),
]
