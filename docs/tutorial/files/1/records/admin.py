from django.contrib import admin

from records.models import Artist, Record

admin.site.register([Artist, Record])
