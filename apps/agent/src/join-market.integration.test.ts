import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeInventory, randomBytes32, recoverStructSigner, type Hex } from '@isochrone/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { joinMarket, readJoinedConfig } from './join-market.ts'
import { readInventory } from './node/inventory.ts'

const directory = await mkdtemp(join(tmpdir(), 'isochrone-join-'))
const providerId = randomBytes32()
const nodeId = randomBytes32()
const registryAddress: Hex = `0x${'ab'.repeat(20)}`
const gatewayUrls = ['http://127.0.0.1:4001']
const witnessUrls = ['http://127.0.0.1:4002']
const posted = z.object({ token: z.string(), nodeKey: z.string(), proof: z.string(), inventory: nodeInventory })
let joins: z.infer<typeof posted>[] = []

/** Answers as the platform's API does: a token is good once. */
const api = createServer((request, response) => {
  void (async () => {
    const url = new URL(request.url ?? '', 'http://api')
    const body = request.method === 'POST' ? posted.parse(await json(request)) : undefined
    const token = body?.token ?? url.searchParams.get('token')
    const answer = (status: number, value: object) => response.writeHead(status).end(JSON.stringify(value))
    if (url.pathname !== '/api/agent/join') return answer(404, {})
    if (token !== 'good' || joins.length > 0)
      return answer(403, { error: { message: 'The token is unknown, used or expired.' } })
    if (!body) return answer(200, { providerId, chainId: 31_337, registryAddress, gatewayUrls, expiresAt: 1 })
    joins.push(body)
    return answer(200, { nodeId, nodeName: 'one', gatewayUrls, witnessUrls })
  })()
})
let apiUrl: string
beforeAll(async () => {
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  apiUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
})
afterAll(async () => {
  api.close()
  await rm(directory, { recursive: true })
})

const inventory = await readInventory()

test('joining proves the key to exactly this provider and leaves a configuration to run from', async () => {
  const dataDir = join(directory, 'node')
  const config = await joinMarket({ apiUrl, token: 'good', dataDir, inventory })
  const [sent] = joins
  const value = { providerId, nodeKey: sent?.nodeKey as Hex }
  const domain = { chainId: 31_337, verifyingContract: registryAddress }
  expect(recoverStructSigner(domain, 'NodeKey', { value, signature: sent?.proof as Hex })).toBe(config.nodeKey)
  expect(config).toEqual({
    apiUrl,
    providerId,
    nodeId,
    nodeName: 'one',
    nodeKey: sent?.nodeKey,
    gatewayUrls,
    witnessUrls,
  })
  expect(await readJoinedConfig(dataDir)).toEqual(config)
  expect(JSON.stringify(sent)).not.toContain('privateKey')
})

test('a refused token says what the platform says and leaves no configuration', async () => {
  joins = []
  const dataDir = join(directory, 'refused')
  await expect(joinMarket({ apiUrl, token: 'bad', dataDir, inventory })).rejects.toThrow('unknown, used or expired')
  expect(await readJoinedConfig(dataDir)).toBeUndefined()
})

test('a wrong address says so', async () => {
  const wrong = joinMarket({ apiUrl: 'http://127.0.0.1:9', token: 'good', dataDir: join(directory, 'x'), inventory })
  await expect(wrong).rejects.toThrow("is the API's URL right?")
})

async function json(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  return JSON.parse(Buffer.concat(parts).toString()) as unknown
}
