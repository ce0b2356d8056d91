"""Keys become digests, in place: every key in the table keeps working and is no longer readable.

Back: no key can be read out of its digest, so the newest token of each user gets a fresh key
that nobody knows; the original's login hands it out. All other tokens are dropped, users are not.
"""

import secrets
from collections.abc import Iterator
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import django_apistar.authentication.models
from django_apistar.authentication.models import compute_digest, generate_id, get_expiry
from django_apistar.authentication.passwords import compute_fingerprint


def store_digests(apps: Any, schema_editor: Any) -> None:
    tokens = _get_tokens(apps, schema_editor)
    expires = get_expiry()
    for key, password in list(_walk_keys_and_passwords(tokens)):
        tokens.filter(key=key).update(
            key=generate_id(),
            digest=compute_digest(key),
            fingerprint=compute_fingerprint(password),
            expires=expires,
        )


def drop_digests(apps: Any, schema_editor: Any) -> None:
    tokens = _get_tokens(apps, schema_editor)
    users_seen = set()
    for id, user_id in list(tokens.order_by('-created', 'key').values_list('key', 'user_id')):
        if user_id in users_seen:
            tokens.filter(key=id).delete()
        else:
            # The ID is public; it must not become a key.
            tokens.filter(key=id).update(key=secrets.token_hex(20))
        users_seen.add(user_id)


def _get_tokens(apps: Any, schema_editor: Any) -> Any:
    return apps.get_model('authentication', 'Token').objects.using(schema_editor.connection.alias)


def _walk_keys_and_passwords(tokens: Any) -> Iterator[tuple[str, str]]:
    """A user model need not have the field `password`."""
    user_model = tokens.model._meta.get_field('user').related_model
    if any(field.name == 'password' for field in user_model._meta.get_fields()):
        yield from tokens.values_list('key', 'user__password')
    else:
        yield from ((key, '') for key in tokens.values_list('key', flat=True))


class Migration(migrations.Migration):
    dependencies = [
        ('authentication', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            'token',
            'digest',
            models.CharField(editable=False, max_length=64, null=True, verbose_name='Digest'),
        ),
        migrations.AddField(
            'token',
            'fingerprint',
            models.CharField(
                default='', editable=False, max_length=64, verbose_name='Fingerprint'
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            'token',
            'last_used',
            models.DateTimeField(blank=True, editable=False, null=True, verbose_name='Last used'),
        ),
        migrations.AddField(
            'token',
            'expires',
            models.DateTimeField(blank=True, null=True, verbose_name='Expires'),
        ),
        migrations.AlterField(
            'token',
            'user',
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name='auth_tokens',
                to=settings.AUTH_USER_MODEL,
                verbose_name='User',
            ),
        ),
        migrations.RunPython(store_digests, drop_digests, elidable=False),
        migrations.AlterField(
            'token',
            'digest',
            models.CharField(editable=False, max_length=64, unique=True, verbose_name='Digest'),
        ),
        migrations.AlterField(
            'token',
            'expires',
            models.DateTimeField(
                blank=True,
                default=django_apistar.authentication.models.get_expiry,
                null=True,
                verbose_name='Expires',
            ),
        ),
        migrations.RenameField('token', 'key', 'id'),
        migrations.AlterField(
            'token',
            'id',
            models.CharField(
                default=django_apistar.authentication.models.generate_id,
                editable=False,
                max_length=40,
                primary_key=True,
                serialize=False,
                verbose_name='ID',
            ),
        ),
    ]
