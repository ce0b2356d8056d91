"""Devices by Django REST framework and django-filter, as their documentation has it."""

from django.urls import path
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import generics, pagination, serializers

from management_tests.benchmarks.project import models


class BrandSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Brand
        fields = ['id', 'name']


class DeviceSerializer(serializers.ModelSerializer):
    brand = BrandSerializer()

    class Meta:
        model = models.Device
        fields = ['id', 'name', 'price', 'brand']


class NewDeviceSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Device
        fields = ['id', 'name', 'price', 'brand']


class Pages(pagination.PageNumberPagination):
    page_size_query_param = 'page_size'
    max_page_size = 100


class Devices(generics.ListCreateAPIView):
    queryset = models.Device.objects.select_related('brand')
    pagination_class = Pages
    filter_backends = [DjangoFilterBackend]
    filterset_fields = {'name': ['icontains'], 'price': ['lt']}

    def get_serializer_class(self):
        return NewDeviceSerializer if self.request.method == 'POST' else DeviceSerializer


urlpatterns = [path('devices/', Devices.as_view())]
