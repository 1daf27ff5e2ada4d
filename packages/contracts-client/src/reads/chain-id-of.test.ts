/** An endpoint is a stranger: whatever it answers becomes an id, code, or one sentence that names it without its path. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PublicClient } from 'viem'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { createChainClient } from '../chain-client.ts'
import { chainIdOf } from './chain-id-of.ts'
import { hasCode } from './has-code.ts'

const address = '0x00000000000000000000000000000000000000aA'
let answer = { status: 200, body: '' }
const server = createServer((_request, response) => void response.writeHead(answer.status).end(answer.body))
let url: string
let client: PublicClient

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  client = createChainClient(`${url}/v3/secret`)
})
afterAll(() => void server.close())

const said = (error: unknown) => (error as { publicMessage: string }).publicMessage
const resultOf = (result: unknown) => JSON.stringify({ jsonrpc: '2.0', id: 1, result })

test('an id is a number above zero, and code is bytes', async () => {
  answer = { status: 200, body: resultOf('0x7a69') }
  expect(await chainIdOf(client)).toBe(31_337)
  answer = { status: 200, body: resultOf('0x6001') }
  expect(await hasCode(client, address)).toBe(true)
  answer = { status: 200, body: resultOf('0x') }
  expect(await hasCode(client, address)).toBe(false)
})

const nonsense: [status: number, body: string, how: RegExp][] = [
  [200, '<html>welcome</html>', /as one: it gives no JSON\.$/],
  [404, 'not here', /as one: HTTP 404\.$/],
  [200, '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}', /as a chain would: [^\n]+\.$/],
]
for (const id of [undefined, null, 5, {}, '0xzz', '0x0', '31337', `0x1${'0'.repeat(14)}`, `0x${'f'.repeat(14)}`]) {
  nonsense.push([200, resultOf(id), /as a chain would: it gives no number as its id\.$/])
}
test.each(nonsense)('HTTP %s with %s is no chain', async (status, body, how) => {
  answer = { status, body }
  const sentence = said(await chainIdOf(client).catch((error: unknown) => error))
  expect(sentence).toMatch(how)
  expect(sentence.startsWith(`The chain endpoint ${url} does not answer as`)).toBe(true)
})

test.each([null, 5, '0x5', '0xzz', 'nothing'])('%j is no code', async (code) => {
  answer = { status: 200, body: resultOf(code) }
  const sentence = said(await hasCode(client, address).catch((error: unknown) => error))
  expect(sentence).toBe(`The chain endpoint ${url} does not answer as a chain would: it gives no code for ${address}.`)
})

test('an endpoint that is away does not answer', async () => {
  const away = createChainClient('http://127.0.0.1:9/v3/secret')
  const sentence = said(await chainIdOf(away).catch((error: unknown) => error))
  expect(sentence).toBe('The chain endpoint http://127.0.0.1:9 does not answer.')
})
