/** Finding gateways: a new one without a restart, never two links to one lane, and never by one that was not heard of. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createLogger } from '@isochrone/runtime'
import { afterEach, expect, test } from 'vitest'
import { createGatewayDirectory, type DirectoryLink, type GatewayDirectory } from './gateway-directory.ts'

const logger = createLogger('test', 'silent')
let server: Server
let directory: GatewayDirectory<FakeLink>
afterEach(async () => {
  await directory.stop()
  server.close()
})

interface FakeLink extends DirectoryLink {
  url: string
  ready: boolean
  lane: string | undefined
  started: boolean
  closed: boolean
}

/** A gateway whose list the test writes; `lane` is the one of the link that the provider named. */
async function start(state: { body: string }, lane: string | null = 'lane-a') {
  server = createServer((_request, response) => response.end(state.body))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const opened: FakeLink[] = []
  const linkOf = (url: string, of: string | undefined): FakeLink => {
    const link: FakeLink = {
      url,
      lane: of,
      ready: true,
      started: false,
      closed: false,
      urlOf: (path) => `${base}${path}`,
      start: () => void (link.started = true),
      close: async () => void (link.closed = true),
    }
    return link
  }
  const given = linkOf(base, lane ?? undefined)
  const open = (url: string) => {
    const link = linkOf(url, undefined)
    opened.push(link)
    return link
  }
  directory = createGatewayDirectory({ given: [given], open, logger, intervalMs: 5 })
  directory.start()
  return { opened, given }
}

const list = (...lanes: string[]) =>
  JSON.stringify({ data: lanes.map((lane) => ({ lane, url: `http://${lane}.example` })) })

test('a gateway that joins the list is linked to, one that left it and is gone is let go', async () => {
  const state = { body: list('lane-a') }
  const { opened } = await start(state)
  state.body = list('lane-a', 'lane-b')
  await expect.poll(() => opened.map(({ url, started }) => [url, started])).toEqual([['http://lane-b.example', true]])
  state.body = list('lane-a')
  const [link] = opened
  // It is off the list and answers still: the list may be wrong.
  await expect.poll(() => directory.links().length).toBe(2)
  if (link) link.ready = false
  await expect.poll(() => [directory.links().length, link?.closed]).toEqual([1, true])
})

test('a lane that the provider named under another URL gets no second link', async () => {
  const state = { body: list('lane-a', 'lane-b') }
  const { opened, given } = await start(state, null)
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(opened).toEqual([])
  given.lane = 'lane-b'
  await expect.poll(() => opened.map(({ url }) => url)).toEqual(['http://lane-a.example'])
})

test('a list that is no list, too long, or of other protocols changes nothing', async () => {
  const state = { body: 'nonsense' }
  const { opened } = await start(state)
  for (const body of [
    '{"data":7}',
    `"${'x'.repeat(100_000)}"`,
    JSON.stringify({ data: [{ lane: 'l', url: 'file:///etc' }] }),
  ]) {
    state.body = body
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  expect(opened).toEqual([])
  state.body = list('lane-c')
  await expect.poll(() => opened.length).toBe(1)
})
