import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ChainWriter } from '@isochrone/contracts-client'
import { bytes32Of, bytesToHex, keccak256 } from '@isochrone/protocol'
import { afterEach, expect, test } from 'vitest'
import { fileWatch } from './file-watch.ts'

const lane = bytes32Of('lane')
const file = Buffer.alloc(2_000, 7)
const dataHash = bytesToHex(keccak256(file))
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** Answers every question with these bytes, so many times over. */
async function giving(bytes: Buffer, times = 1): Promise<string> {
  const server = createServer((_request, response) => {
    let left = times
    const more = (): void => {
      while (left-- > 0) if (!response.write(bytes)) return void response.once('drain', more)
      response.end()
    }
    more()
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function watchOf(laneUrl: string | null, mirrorUrls: string[], leaves = 10) {
  const anchored = { root: bytes32Of('root'), anchoredAt: 5n, count: BigInt(leaves), sum: 1n }
  const writer = {
    publicClient: { readContract: async () => anchored },
    deployment: { addresses: {}, params: { fileS: 1_000 } },
  } as unknown as ChainWriter
  return fileWatch(writer, {
    gatewayUrls: [],
    mirrorUrls,
    laneUrl: async () => laneUrl,
    saveEvidence: async () => {},
  })
}

/** A lane that withholds a file must not escape by giving out something that nobody can read to its end. */
test('more bytes than the anchored leaves allow are another file, and a miss', async () => {
  const junk = await giving(Buffer.alloc(2 ** 16, 1), 2 ** 20)
  const { isThere, isAddressKnown, said } = await watchOf(junk, []).look(lane, 7, dataHash)
  expect([isThere, isAddressKnown, said]).toEqual([
    false,
    true,
    [`${junk} gives out another file, larger than ${2 ** 20 + 10 * 2 ** 10} bytes`],
  ])
})

test('what each source gave out is told, and what was too large to be the file', async () => {
  const junk = await giving(Buffer.alloc(2 ** 16, 1), 2 ** 20)
  const mirror = await giving(file)
  expect(await watchOf(junk, [mirror]).tryAll(lane, 7)).toMatchObject([
    { source: junk, by: 'lane', fileHash: null, tooLarge: true },
    { source: mirror, by: 'node', fileHash: dataHash, bytes: 2_000n, tooLarge: false },
  ])
})

test('a file as large as its leaves allow is read to its end', async () => {
  const large = Buffer.alloc(3 * 2 ** 20, 3)
  const url = await giving(large)
  const hash = bytesToHex(keccak256(large))
  expect(await watchOf(url, [], 2_048).look(lane, 7, hash)).toMatchObject({ isThere: true })
  expect(await watchOf(url, [], 2_047).look(lane, 7, hash)).toMatchObject({ isThere: false })
})

test('a copy that somebody else gives out is enough, whatever the lane itself gives out', async () => {
  const junk = await giving(Buffer.alloc(2 ** 16, 1), 2 ** 20)
  const mirror = await giving(file)
  const found = { isThere: true, isAddressKnown: true, said: [] }
  expect(await watchOf(junk, [mirror]).look(lane, 7, dataHash)).toEqual(found)
  expect(await watchOf(null, [mirror]).look(lane, 7, dataHash)).toEqual(found)
  const other = await giving(Buffer.from('other'))
  expect(await watchOf(null, [other]).look(lane, 7, dataHash)).toEqual({
    isThere: false,
    isAddressKnown: false,
    said: [`${other} gives out another file`],
  })
})
