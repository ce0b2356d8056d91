from django.contrib import admin

from management_tests.project.models import Note

admin.site.register(Note)
