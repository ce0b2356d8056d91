from django.db import models


class Note(models.Model):
    text = models.CharField(max_length=100)

    class Meta:
        app_label = 'project'

    def __str__(self) -> str:
        return self.text
