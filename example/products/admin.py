from django.contrib import admin

from products import models


@admin.register(models.Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ('name', 'in_stock', 'rating', 'size')
    list_filter = ('in_stock', 'size')
    search_fields = ('name',)
