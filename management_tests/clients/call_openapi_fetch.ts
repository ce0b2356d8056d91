// A request of each operation, by openapi-fetch with the types that openapi-typescript generates.
import assert from 'node:assert/strict'

import createClient from 'openapi-fetch'

import type { components, paths } from './openapi-typescript/schema'

type Product = components['schemas']['Product']

async function main(baseUrl: string): Promise<void> {
  const shop = createClient<paths>({ baseUrl })

  async function logIn(): Promise<{ Authorization: string }> {
    const body = { username: 'alice', password: 'correct horse battery staple' }
    const { data } = await shop.POST('/auth/token-login/', { body, parseAs: 'text' })
    assert(data)
    return { Authorization: `Bearer ${data}` }
  }

  const welcomed = await shop.GET('/', { params: { query: { name: 'Ada' } } })
  assert.deepEqual(welcomed.data, { message: 'Welcome to API Star, Ada!' })

  const body: Product = { name: 'Bread', in_stock: true, size: 'small' }
  const { data: created } = await shop.POST('/products/', { body })
  assert(created?.id)
  const path = { product_id: created.id }
  const listed = await shop.GET('/products/', { params: { query: { name: 'bread' } } })
  assert.deepEqual(listed.data, [created])
  const renamed: Product = { ...body, name: 'Cake', size: null }
  const updated = await shop.PUT('/product/{product_id}/', { params: { path }, body: renamed })
  assert.deepEqual(updated.data, { ...created, name: 'Cake', size: null })
  const deleted = await shop.DELETE('/product/{product_id}/', { params: { path } })
  assert.deepEqual(deleted.data, { id: created.id })

  const { error } = await shop.POST('/products/', { body: { ...body, rating: 6 } })
  assert(typeof error === 'object')
  assert.deepEqual(Object.keys(error), ['rating'])

  const options = async () => ({ headers: await logIn() })
  const answers = [
    await shop.GET('/auth/token-logout/', await options()),
    await shop.POST('/auth/token-logout/', await options()),
    await shop.POST('/auth/token-logout-all/', await options()),
  ]
  assert.deepEqual(answers.map(({ data }) => data?.message), Array(3).fill('Logged out.'))
}

main(process.argv[2] ?? '')
