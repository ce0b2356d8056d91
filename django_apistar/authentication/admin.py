"""The tokens in the admin: listed and revoked there, never issued or shown."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_apistar.authentication.models import Token

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Token]
else:
    ModelAdmin = admin.ModelAdmin


@admin.register(Token)
class TokenAdmin(ModelAdmin):
    """Shows and revokes tokens. It issues none: a key is shown once, which the admin cannot do."""

    list_display = ('id', 'user', 'created', 'last_used', 'expires')
    list_filter = ('created', 'last_used', 'expires')
    list_select_related = ('user',)
    ordering = ('-created',)
    date_hierarchy = 'created'
    actions = ('delete_selected',)
    fields = ('id', 'user', 'created', 'last_used', 'expires')

    class Media:
        css = {'all': ('django_apistar/admin.css',)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False

    @admin.action(description=_('Revoke the selected tokens'), permissions=['delete'])
    def delete_selected(self, request: HttpRequest, queryset: Any) -> Any:
        """Django's own action by another name: deleting a token revokes it."""
        return delete_selected(self, request, queryset)
