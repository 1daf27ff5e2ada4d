/** Which organisation a tab names, and to whom. */
import { ORGANISATION_HEADER } from '@isochrone/domain'
import { beforeEach, expect, test, vi } from 'vitest'

type Tab = typeof import('./tab-organisation.ts')

let tab: Tab
let sent: (string | null)[] = []

/** A page that was loaded a moment ago. */
beforeEach(async () => {
  sent = []
  const fetch = (_input: unknown, init?: RequestInit) => {
    sent.push(new Headers(init?.headers).get(ORGANISATION_HEADER))
    return Promise.resolve(new Response())
  }
  const location = { href: 'https://isochrone.test/balance', origin: 'https://isochrone.test' }
  vi.stubGlobal('window', { fetch, location })
  vi.resetModules()
  tab = await import('./tab-organisation.ts')
})

const post = (url: string | URL) => window.fetch(url, { method: 'POST', headers: { 'next-action': 'a' } })

test('what a tab asks our server to do names the organisation that it was opened for, and nothing else does', async () => {
  tab.openTabFor('org_1')
  await post('/balance')
  await post(new URL('https://isochrone.test/api/playground'))
  await post('https://chain.test/')
  await window.fetch('/balance')
  expect(sent).toEqual(['org_1', 'org_1', null, null])
  expect(tab.tabOrganisation()).toBe('org_1')
})

test('a refresh that shows another organisation changes nothing; the tab’s own switch does', async () => {
  tab.openTabFor('org_1')
  tab.openTabFor('org_2')
  await post('/balance')
  tab.switchTabTo('org_2')
  await post('/balance')
  // Signed out, and in again as somebody else.
  tab.switchTabTo(null)
  await post('/sign-in')
  tab.openTabFor('org_3')
  await post('/balance')
  expect(sent).toEqual(['org_1', 'org_2', null, 'org_3'])
})

test('a visitor names none, until there is one', async () => {
  tab.openTabFor(null)
  await post('/balance')
  tab.openTabFor('org_1')
  await post('/balance')
  expect(sent).toEqual([null, 'org_1'])
})
