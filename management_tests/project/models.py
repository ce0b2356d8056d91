import uuid

from django.db import models
from django.utils.translation import gettext_lazy


class Note(models.Model):
    text = models.CharField(max_length=100)

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        return self.text


class Maker(models.Model):
    name = models.CharField(max_length=100)

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        return self.name


class Article(models.Model):
    """What most projects have: every kind of value that JSON lacks."""

    class State(models.TextChoices):
        NEW = 'new', gettext_lazy('New')
        SOLD = 'sold', gettext_lazy('Sold')

    key = models.UUIDField(default=uuid.UUID(int=7))
    price = models.DecimalField(max_digits=30, decimal_places=2)
    photo = models.FileField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    maker = models.ForeignKey(Maker, models.CASCADE, null=True, related_name='articles')

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        raise RuntimeError('Nobody is to ask: it may query the database.')

    @property
    def label(self) -> object:
        """Lazy text."""
        return self.State(self.state).label


class Warranty(models.Model):
    article = models.OneToOneField(Article, models.CASCADE)
    years = models.DecimalField(max_digits=3, decimal_places=1)

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        return f'{self.years} years'
