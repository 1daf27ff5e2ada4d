import { expect, test } from 'vitest'
import { actions, findCommands } from './find-commands.ts'
import { navGroups } from './nav-items.ts'

const everything = navGroups({ signedIn: true, hasTeam: true, hasProvider: true, isAdmin: true })

test('every page is reached by its name, and a request by its id', () => {
  for (const item of everything.flatMap((group) => group.items)) {
    expect(findCommands(item.label, everything).map((command) => command.href)).toContain(item.href)
  }
  expect(findCommands(' req_0a1b ', everything)).toEqual([{ label: 'Request req_0a1b', href: '/requests/req_0a1b' }])
})

test('an id leads to its page, whatever it is of', () => {
  const hrefsOf = (text: string) => findCommands(text, everything).map(({ href }) => href)
  const lane = `0x${'ab'.repeat(32)}`
  expect(hrefsOf('job_01')).toEqual(['/jobs/job_01'])
  expect(hrefsOf('batch_01')).toEqual(['/batches/batch_01'])
  expect(hrefsOf('node_01')).toEqual(['/offers/node_01'])
  expect(hrefsOf(' lease_01')).toEqual(['/leases/lease_01'])
  for (const text of ['#12', 'dispute 12', 'Dispute #12']) expect(hrefsOf(text)).toEqual(['/disputes/12'])
  for (const text of [`${lane}/7`, `${lane} epoch 7`]) expect(hrefsOf(text)).toEqual([`/epochs/${lane}/7`])
  // It may be either: whoever looks for one is not sent to the other.
  expect(hrefsOf(lane)).toEqual([`/providers/${lane}`, `/receipts/${lane}`])
})

test('every action stands on a page that somebody may open, and finds its way there', () => {
  const pages = new Set(everything.flatMap((group) => group.items.map(({ href }) => href)))
  for (const { page, label, href } of actions) {
    expect(pages).toContain(page)
    expect(findCommands(label, everything)).toContainEqual(expect.objectContaining({ label, href }))
  }
  expect(findCommands('join token', everything).map(({ href }) => href)).toContain('/provider/list')
})

test('a visitor is offered no page that needs an account', () => {
  const visitor = navGroups({ signedIn: false, hasTeam: false, hasProvider: false, isAdmin: false })
  expect(visitor.flatMap((group) => group.items.map((item) => item.href))).toEqual(['/', '/epochs'])
})

test('an action is offered where its page may be opened, and every result has a name of its own', () => {
  expect(findCommands('add funds', everything)).toEqual([expect.objectContaining({ href: '/balance' })])
  const visitor = navGroups({ signedIn: false, hasTeam: false, hasProvider: false, isAdmin: false })
  expect(findCommands('add funds', visitor)).toEqual([])
  const labels = [...everything.flatMap((group) => group.items), ...actions].map(({ label }) => label)
  expect(labels).toEqual([...new Set(labels)])
})
