from django.contrib import admin
from django.urls import path

from loans.pages import about

urlpatterns = [
    path('admin/', admin.site.urls),
    path('about/', about, name='about'),
]
