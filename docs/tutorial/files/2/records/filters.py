from django_filters import FilterSet

from records.models import Record


class RecordFilter(FilterSet):
    class Meta:
        model = Record
        fields = {'title': ['icontains'], 'price': ['lte'], 'artist__name': ['exact']}
