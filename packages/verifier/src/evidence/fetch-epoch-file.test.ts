/** Whoever gives out a file cannot send us elsewhere, fill our disk or hold us up. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { fetchEpochFile } from './fetch-epoch-file.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a file comes with its size and status, and one path alone is asked for', async () => {
  const asked: (string | undefined)[] = []
  const url = await serve((request, response) => {
    asked.push(request.url)
    response.end('twelve bytes')
  })
  const file = await fetchEpochFile(url, 7, { lane: '0x12' })
  expect(file).toMatchObject({ bytes: 12, httpStatus: 200 })
  await file.remove()
  expect(asked).toEqual(['/v1/epochs/7/file?lane=0x12'])
})

/** An address that somebody registered must not reach what is behind our walls. */
test('a redirect is told and never followed', async () => {
  let inside = 0
  const walled = await serve((_, response) => {
    inside++
    response.end('secret')
  })
  for (const status of [301, 302, 303, 307, 308]) {
    const url = await serve((_, response) => void response.writeHead(status, { location: walled }).end())
    await expect(fetchEpochFile(url, 7)).rejects.toMatchObject({
      publicMessage: expect.stringContaining(`answers ${status}`),
      details: { httpStatus: status },
    })
  }
  expect(inside).toBe(0)
})

test('what has no file says which status it answered', async () => {
  for (const [status, code] of [
    [404, 'not_found'],
    [409, 'invalid_input'],
    [500, 'capacity_unavailable'],
  ] as const) {
    const url = await serve((_, response) => void response.writeHead(status).end())
    await expect(fetchEpochFile(url, 7)).rejects.toMatchObject({ code, details: { httpStatus: status } })
  }
})

test('more bytes than are allowed are refused, and one that drips is left after its time', async () => {
  const large = await serve((_, response) => response.end(Buffer.alloc(1_000)))
  await expect(fetchEpochFile(large, 7, { fileBytesMax: 999 })).rejects.toMatchObject({
    code: 'payload_too_large',
    details: { httpStatus: 200 },
  })
  const slow = await serve((_, response) => void response.write('a'))
  await expect(fetchEpochFile(slow, 7, { totalMsMax: 200 })).rejects.toMatchObject({
    code: 'capacity_unavailable',
    details: { httpStatus: 200 },
  })
})
