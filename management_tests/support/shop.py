"""Models that tests make Types of, in the app of the tests' project."""

from django.db import models
from django.utils.translation import gettext_lazy


class Label(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    name = models.CharField(max_length=20)
    is_open = models.BooleanField(default=True)

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        return self.name


class Ware(models.Model):
    class Size(models.IntegerChoices):
        SMALL = 1, gettext_lazy('Small')
        LARGE = 2, gettext_lazy('Large')

    class State(models.TextChoices):
        NEW = 'new', gettext_lazy('New')
        SOLD = 'sold', gettext_lazy('Sold')

    name = models.CharField(gettext_lazy('Name of the ware'), max_length=20)
    slug = models.SlugField(unique=True)
    price = models.DecimalField(max_digits=6, decimal_places=2, help_text='In francs.')
    stock = models.PositiveIntegerField(default=3)
    size = models.IntegerField(choices=Size.choices, default=Size.SMALL)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    email = models.EmailField(blank=True)
    note = models.TextField(null=True)
    brand = models.ForeignKey(
        Brand, models.CASCADE, related_name='wares', limit_choices_to={'is_open': True}
    )
    labels = models.ManyToManyField(Label, blank=True)
    secret = models.CharField(max_length=20, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = 'project'
        unique_together = [('name', 'brand')]
        constraints = [
            models.UniqueConstraint(fields=['brand', 'size', 'stock'], name='one_stock'),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.name == 'taboo':
            raise ValueError('Nobody calls clean() of a body that is refused.')


class Blank(models.Model):
    """What a form may leave blank."""

    number = models.IntegerField(null=True, blank=True)
    text = models.CharField(max_length=20, null=True, blank=True)
    day = models.DateField(null=True, blank=True)
    brand = models.ForeignKey(Brand, models.CASCADE, null=True, blank=True, related_name='+')
    least = models.IntegerField(null=True)

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        return str(self.number)
