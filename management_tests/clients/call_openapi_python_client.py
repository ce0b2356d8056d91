"""A request of each operation, by the client that openapi-python-client generates."""

from __future__ import annotations

import sys
from http import HTTPStatus

import models
from shop_client import AuthenticatedClient, Client
from shop_client.api.auth import (
    auth_token_login,
    auth_token_logout,
    auth_token_logout_all,
    auth_token_logout_post,
)
from shop_client.api.products import (
    create_product,
    delete_product,
    list_products,
    update_product,
    welcome,
)
from shop_client.models import ErrorMessages, Product, ProductSize, TokenUser

ALICE = TokenUser(username='alice', password='correct horse battery staple')


def main(url: str) -> None:
    with Client(base_url=url) as client:
        use_products(client)
        for log_out in (auth_token_logout, auth_token_logout_post, auth_token_logout_all):
            token = auth_token_login.sync(client=client, body=ALICE)
            assert isinstance(token, str), token
            with AuthenticatedClient(base_url=url, token=token) as alices:
                answer = log_out.sync_detailed(client=alices)
            assert answer.status_code == HTTPStatus.OK, answer


def use_products(client: Client) -> None:
    welcomed = welcome.sync_detailed(client=client, name='Ada')
    assert welcomed.content == b'{"message":"Welcome to API Star, Ada!"}', welcomed
    bread = Product(name='Bread', in_stock=True, size=ProductSize.SMALL)
    created = create_product.sync(client=client, body=bread)
    assert isinstance(created, Product), created
    assert isinstance(created.id, int), created
    listed = list_products.sync(client=client, name='bread')
    assert listed == [created], listed
    cake = Product(name='Cake', in_stock=True, size=None)
    updated = update_product.sync(created.id, client=client, body=cake)
    assert isinstance(updated, Product), updated
    # The same, read by the models that datamodel-code-generator makes.
    assert models.Product.model_validate(updated.to_dict()).size is None
    assert models.Product.model_validate(created.to_dict()).size is models.ProductSize.small
    deleted = delete_product.sync_detailed(created.id, client=client)
    assert deleted.status_code == HTTPStatus.OK, deleted
    refused = create_product.sync(client=client, body=Product('Pie', in_stock=True, rating=6))
    assert isinstance(refused, ErrorMessages), refused
    assert refused.additional_keys == ['rating'], refused


if __name__ == '__main__':
    main(sys.argv[1])
