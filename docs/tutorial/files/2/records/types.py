from django_apistar import types

from records import models


class Artist(types.ModelType):
    class Meta:
        model = models.Artist
        fields = ['id', 'name']


class Record(types.ModelType):
    class Meta:
        model = models.Record
        fields = ['id', 'title', 'artist', 'price', 'cover']


class RecordWithArtist(Record):
    artist = Artist
