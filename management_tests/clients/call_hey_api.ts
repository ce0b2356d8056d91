// A request of each operation, by the client that hey-api's openapi-ts generates.
import assert from 'node:assert/strict'

import { client } from './hey-api/client.gen'
import * as shop from './hey-api'
import type { Product, ProductSize } from './hey-api'

const alice = { username: 'alice', password: 'correct horse battery staple' }
const small: ProductSize = 'small'

async function logIn(): Promise<{ Authorization: string }> {
  const { data } = await shop.authTokenLogin({ body: alice, throwOnError: true })
  assert(typeof data === 'string')
  return { Authorization: `Bearer ${data}` }
}

async function main(baseUrl: string): Promise<void> {
  client.setConfig({ baseUrl })
  const welcomed = await shop.welcome({ query: { name: 'Ada' }, throwOnError: true })
  assert.deepEqual(welcomed.data, { message: 'Welcome to API Star, Ada!' })

  const body: Product = { name: 'Bread', in_stock: true, size: small }
  const { data: created } = await shop.createProduct({ body, throwOnError: true })
  assert(created.id)
  const path = { product_id: created.id }
  const { data: listed } = await shop.listProducts({ query: { name: 'bread' }, throwOnError: true })
  assert.deepEqual(listed, [created])
  const renamed: Product = { ...body, name: 'Cake', size: null }
  const { data: updated } = await shop.updateProduct({ path, body: renamed, throwOnError: true })
  assert.deepEqual(updated, { ...created, name: 'Cake', size: null })
  const { data: deleted } = await shop.deleteProduct({ path, throwOnError: true })
  assert.deepEqual(deleted, { id: created.id })

  const { error } = await shop.createProduct({ body: { ...body, rating: 6 } })
  assert(typeof error === 'object')
  assert.deepEqual(Object.keys(error), ['rating'])

  for (const logOut of [shop.authTokenLogout, shop.authTokenLogoutPost, shop.authTokenLogoutAll]) {
    const { data } = await logOut({ headers: await logIn(), throwOnError: true })
    assert.equal(data.message, 'Logged out.')
  }
}

main(process.argv[2] ?? '')
