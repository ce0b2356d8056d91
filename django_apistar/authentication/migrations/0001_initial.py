"""The original's table, to the column, so that its deployments find it as they left it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name='Token',
            fields=[
                (
                    'key',
                    models.CharField(
                        max_length=40, primary_key=True, serialize=False, verbose_name='Key'
                    ),
                ),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='Created')),
                (
                    'user',
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='auth_token',
                        to=settings.AUTH_USER_MODEL,
                        verbose_name='User',
                    ),
                ),
            ],
            options={'verbose_name': 'Token', 'verbose_name_plural': 'Tokens'},
        ),
    ]
