"""Devices by django_apistar, as docs/howto has it."""

import django_filters
from apistar import Route

from django_apistar.pagination import Page, PageNumber
from django_apistar.types import ModelType
from management_tests.benchmarks.project import models


class Brand(ModelType):
    class Meta:
        model = models.Brand
        fields = ['id', 'name']


class Device(ModelType):
    brand = Brand

    class Meta:
        model = models.Device
        fields = ['id', 'name', 'price']


class NewDevice(ModelType):
    class Meta:
        model = models.Device
        fields = ['name', 'price', 'brand']


class DeviceFilter(django_filters.FilterSet):
    class Meta:
        model = models.Device
        fields = {'name': ['icontains'], 'price': ['lt']}


def list_devices(page: PageNumber, devices: DeviceFilter) -> Page[Device]:
    return page.of(devices.qs.select_related('brand'))


def create_device(device: NewDevice) -> dict:
    return {'id': device.create().pk}


routes = [
    Route('/devices/', 'GET', list_devices),
    Route('/devices/', 'POST', create_device),
]
