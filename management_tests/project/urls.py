from django.contrib import admin
from django.urls import path, re_path

from management_tests.project import django_views

urlpatterns = [
    path('admin/', admin.site.urls),
    path('django/echo/', django_views.echo, name='django-echo'),
    path('django/echo/<str:name>/', django_views.echo, name='django-echo-name'),
    path('django/boom/', django_views.boom, name='django-boom'),
    path('django/notes/', django_views.notes, name='django-notes'),
    path('django/activate/', django_views.activate, name='django-activate'),
    path('django/stream/', django_views.stream, name='django-stream'),
    path('django/redirect/', django_views.redirect_to_api, name='django-redirect'),
    re_path(r'^django/regex/(?P<number>[0-9]+)/$', django_views.echo, name='django-regex'),
    path('café/<str:name>/', django_views.echo, name='django-café'),
]
