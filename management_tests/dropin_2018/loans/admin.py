from django.contrib import admin

from loans import models


@admin.register(models.Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ('title', 'author', 'copies')
    search_fields = ('title', 'author')


admin.site.register(models.Loan)
