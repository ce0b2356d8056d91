// A request of each operation, by the client that swagger-typescript-api generates.
import assert from 'node:assert/strict'

import { Api, ProductSize } from './swagger-typescript-api/Api'
import type { Product } from './swagger-typescript-api/Api'

async function main(baseUrl: string): Promise<void> {
  const shop = new Api<string>({
    baseUrl,
    securityWorker: (token) => (token ? { headers: { Authorization: `Bearer ${token}` } } : {}),
  })
  const alice = { username: 'alice', password: 'correct horse battery staple' }

  async function logIn(): Promise<void> {
    const { data } = await shop.auth.authTokenLogin(alice, { format: 'text' })
    shop.setSecurityData(data as string)
  }

  const welcomed = await shop.welcome({ name: 'Ada' })
  assert.deepEqual(welcomed.data, { message: 'Welcome to API Star, Ada!' })

  const body: Product = { name: 'Bread', in_stock: true, size: ProductSize.Small }
  const { data: created } = await shop.products.createProduct(body)
  assert(created.id)
  const { data: listed } = await shop.products.listProducts({ name: 'bread' })
  assert.deepEqual(listed, [created])
  const renamed: Product = { ...body, name: 'Cake', size: null }
  const { data: updated } = await shop.product.updateProduct(created.id, renamed)
  assert.deepEqual(updated, { ...created, name: 'Cake', size: null })
  const { data: deleted } = await shop.product.deleteProduct(created.id)
  assert.deepEqual(deleted, { id: created.id })

  const { auth } = shop
  for (const logOut of [auth.authTokenLogout, auth.authTokenLogoutPost, auth.authTokenLogoutAll]) {
    await logIn()
    const { data } = await logOut({ secure: true })
    assert.equal(data.message, 'Logged out.')
  }
}

main(process.argv[2] ?? '')
