from django.core.validators import FileExtensionValidator, MinValueValidator
from django.db import models


class Artist(models.Model):
    name = models.CharField(max_length=100, unique=True)

    def __str__(self):
        return self.name


class Record(models.Model):
    title = models.CharField(max_length=200)
    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name='records')
    price = models.DecimalField(
        max_digits=6, decimal_places=2, validators=[MinValueValidator(0)], help_text='In euros.'
    )
    cover = models.FileField(
        upload_to='covers/', blank=True, editable=False,
        validators=[FileExtensionValidator(['jpg', 'png'])],
    )  # fmt: skip

    class Meta:
        ordering = ['title']
        unique_together = [('title', 'artist')]

    def __str__(self):
        return self.title
