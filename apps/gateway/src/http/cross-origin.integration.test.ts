/** Pages of origins that the operator named use the API from a real browser, refusals too; pages of others cannot. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import { afterEach, expect, test } from 'vitest'
import { launchChromium } from '../sealed/browser-page.ts'
import { API_KEY, startFakeGateway } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL } from '../testing/fake-node.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close()
})

/** An origin of its own: its port is. */
async function startSite(): Promise<string> {
  const site = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>A page'))
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  open.push(site)
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}`
}

async function start(corsOrigins: readonly string[], requestsPerMinuteMax = 6_000) {
  const nodes = [fakeNode(`0x${'01'.repeat(32)}`, { tokens: ['a', 'b'] })]
  const gateway = await startFakeGateway({
    nodes,
    requestsPerMinuteMax,
    change: (deps) => (deps.corsOrigins = corsOrigins),
  })
  open.push(gateway)
  return gateway
}

/** As the page sees it: what `fetch` gave it, or that it gave nothing. */
const askIn = async (page: Page, url: string, stream = false) =>
  page.evaluate(
    async ({ sentTo, key, body }) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-isochrone-explain': '1' }
      try {
        const answer = await fetch(sentTo, { method: 'POST', headers, body })
        const read = (name: string) => answer.headers.get(name)
        const seen = { status: answer.status, id: read('x-request-id'), retry: read('retry-after') }
        return { ...seen, text: await answer.text() }
      } catch (error) {
        return String(error)
      }
    },
    {
      sentTo: `${url}/v1/chat/completions`,
      key: API_KEY,
      body: JSON.stringify({ model: MODEL, stream, messages: [{ role: 'user', content: 'Hi' }] }),
    },
  )

test('a page that was named reads answers, streams and refusals with their headers; another page reads nothing', async () => {
  const [named, stranger] = [await startSite(), await startSite()]
  const gateway = await start([named], 2)
  const browser = await launchChromium()
  open.push(browser)
  const page = await browser.newPage()
  await page.goto(named)
  const id = expect.stringMatching(/^req_/)
  expect(await askIn(page, gateway.url)).toMatchObject({ status: 200, id, text: expect.stringContaining('"ab"') })
  expect(await askIn(page, gateway.url, true)).toMatchObject({
    status: 200,
    id,
    text: expect.stringContaining('[DONE]'),
  })
  // The second one is refused at the door, by what the first was told.
  for (let asked = 0; asked < 2; asked++) {
    expect(await askIn(page, gateway.url)).toMatchObject({ status: 429, id, retry: expect.stringMatching(/^[1-9]/) })
  }
  await page.goto(stranger)
  expect(await askIn(page, gateway.url)).toMatch(/Failed to fetch/)
}, 60_000)

test('who may call is answered for origins that were named and for paths of the API alone', async () => {
  const named = 'https://app.example.org'
  const ask = async (url: string, origin: string, path = '/v1/chat/completions') => {
    const headers = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    }
    const { status, headers: answered } = await fetch(`${url}${path}`, { method: 'OPTIONS', headers })
    return [status, answered.get('access-control-allow-origin'), answered.get('access-control-allow-headers')]
  }
  const { url } = await start([named])
  expect(await ask(url, named)).toEqual([204, named, 'authorization'])
  for (const origin of [`${named}.evil.test`, 'http://app.example.org', 'null']) {
    expect(await ask(url, origin)).toEqual([404, null, null])
  }
  for (const path of ['/internal/v1/dispatch', '/metrics'])
    expect(await ask(url, named, path)).toEqual([404, null, null])
  const models = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${API_KEY}` } })
  expect([models.status, models.headers.get('vary'), models.headers.get('access-control-allow-origin')]).toEqual([
    200,
    'Origin',
    null,
  ])
  const none = await start([])
  expect(await ask(none.url, named)).toEqual([404, null, null])
})
