from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

from management_tests.benchmarks.project import views

urlpatterns = [path('admin/', admin.site.urls), path('django/hello/', views.hello)]
if find_spec('ninja'):
    urlpatterns += [
        path('ninja/', include('management_tests.benchmarks.project.ninja_urls')),
        path('ninja/', include('management_tests.benchmarks.project.devices_ninja')),
    ]
if find_spec('rest_framework'):
    urlpatterns += [
        path('drf/', include('management_tests.benchmarks.project.drf_urls')),
        path('drf/', include('management_tests.benchmarks.project.devices_drf')),
    ]
