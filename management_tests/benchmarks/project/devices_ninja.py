"""Devices by django-ninja, as its documentation has it."""

from decimal import Decimal
from typing import Annotated

from django.http import HttpRequest
from django.urls import path
from ninja import FilterLookup, FilterSchema, ModelSchema, NinjaAPI, Query
from ninja.pagination import PageNumberPagination, paginate

from management_tests.benchmarks.project import models

api = NinjaAPI(docs_url=None, openapi_url=None, urls_namespace='devices')


class Brand(ModelSchema):
    class Meta:
        model = models.Brand
        fields = ['id', 'name']


class Device(ModelSchema):
    brand: Brand

    class Meta:
        model = models.Device
        fields = ['id', 'name', 'price']


class NewDevice(ModelSchema):
    brand_id: int

    class Meta:
        model = models.Device
        fields = ['name', 'price']


class DeviceFilter(FilterSchema):
    name__icontains: Annotated[str | None, FilterLookup('name__icontains')] = None
    price__lt: Annotated[Decimal | None, FilterLookup('price__lt')] = None


@api.get('devices/', response=list[Device])
@paginate(PageNumberPagination)
def list_devices(request: HttpRequest, filters: Query[DeviceFilter]):
    return filters.filter(models.Device.objects.select_related('brand'))


@api.post('devices/')
def create_device(request: HttpRequest, device: NewDevice):
    return {'id': models.Device.objects.create(**device.dict()).pk}


urlpatterns = [path('', api.urls)]
