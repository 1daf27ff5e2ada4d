/** What of better-auth can be reached over HTTP is what the table names, whatever the library brings. */
import { expect, test } from 'vitest'
import { authAccess } from '../access.ts'
import { createAuth } from './create-auth.ts'

const webUrl = 'http://web.test'
const auth = createAuth({
  // Nothing that is closed gets as far as the database.
  prisma: {},
  accounts: { createOrganisation: async () => Promise.reject(new Error('not reached')) },
  secret: 'a-secret-of-a-test-that-nobody-else-uses',
  webUrl,
})

/** `POST /sign-out` and so on, of everything that better-auth and its plugins serve. */
const endpoints = Object.values(
  auth.api as unknown as Record<string, { path?: string; options?: { method?: string | string[] } }>,
)
  .filter(({ path }) => path !== undefined)
  .flatMap(({ path, options }) => [options?.method ?? 'GET'].flat().map((method) => `${method} ${path}`))

test('every row is an endpoint of better-auth, and far more are closed than open', () => {
  expect(Object.keys(authAccess).filter((row) => !endpoints.includes(row))).toEqual([])
  expect(endpoints.length).toBeGreaterThan(5 * Object.keys(authAccess).length)
})

test.each(endpoints.filter((endpoint) => !(endpoint in authAccess)))('%s is not there', async (endpoint) => {
  const [method = '', path = ''] = endpoint.split(' ')
  const headers = { 'content-type': 'application/json', origin: webUrl, cookie: 'better-auth.session_token=a.b' }
  const body = method === 'GET' ? null : '{}'
  const answer = await auth.handler(new Request(`${webUrl}/api/auth${path}`, { method, headers, body }))
  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 404,
    body: { code: 'NOT_FOUND', message: 'There is no such thing, or it is not yours.' },
  })
})

test.each(['', '/', '/sign-out/', '//sign-out', '/sign-in/../organization/delete', '/SIGN-OUT'])(
  'nor is a path written as “%s”',
  async (path) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', origin: webUrl }, body: '{}' }
    expect((await auth.handler(new Request(`${webUrl}/api/auth${path}`, init))).status).toBe(404)
  },
)
