import { expect, test } from 'vitest'
import { findCommands } from './find-commands.ts'
import { navGroups } from './nav-items.ts'

const everything = navGroups({ signedIn: true, hasTeam: true, hasProvider: true, isAdmin: true })

test('every page is reached by its name, and a request by its id', () => {
  for (const item of everything.flatMap((group) => group.items)) {
    expect(findCommands(item.label, everything).map((command) => command.href)).toContain(item.href)
  }
  expect(findCommands(' req_0a1b ', everything)).toEqual([{ label: 'Request req_0a1b', href: '/requests/req_0a1b' }])
})

test('a visitor is offered no page that needs an account', () => {
  const visitor = navGroups({ signedIn: false, hasTeam: false, hasProvider: false, isAdmin: false })
  expect(visitor.flatMap((group) => group.items.map((item) => item.href))).toEqual(['/', '/epochs'])
})

test('an action is offered where its page may be opened, and every result has a name of its own', () => {
  expect(findCommands('add funds', everything)).toEqual([expect.objectContaining({ href: '/balance' })])
  const visitor = navGroups({ signedIn: false, hasTeam: false, hasProvider: false, isAdmin: false })
  expect(findCommands('add funds', visitor)).toEqual([])
  const labels = findCommands('', everything).map((command) => command.label)
  expect(new Set(labels).size).toBe(labels.length)
})
