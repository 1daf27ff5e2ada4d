import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toAppError } from '@isochrone/domain'
import { fastify } from 'fastify'
import { afterAll, expect, test } from 'vitest'
import { epochRoutes } from './epoch-routes.ts'
import { laneId } from './lane-fixtures.ts'

const dir = mkdtempSync(join(tmpdir(), 'epochs-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('anyone may fetch the file of a closed epoch, byte for byte, and nothing else', async () => {
  const path = join(dir, 'file.gz')
  writeFileSync(path, Buffer.from([0x1f, 0x8b, 1, 2, 3]))
  const app = fastify()
  app.setErrorHandler((error, _, reply) => reply.code(toAppError(error).httpStatus).send({}))
  epochRoutes(app, { id: laneId, epochFile: (epoch) => (epoch === 7 ? path : undefined), closedEpochs: () => [] })
  const found = await app.inject('/v1/epochs/7/file')
  expect([found.statusCode, [...found.rawPayload]]).toEqual([200, [0x1f, 0x8b, 1, 2, 3]])
  expect(found.headers['content-disposition']).toContain(`${laneId}-7.jsonl.gz`)
  for (const epoch of ['8', '-7', '7.0', '..%2F7', 'x']) {
    expect((await app.inject(`/v1/epochs/${epoch}/file`)).statusCode).toBe(404)
  }
  await app.close()
})

test('the list says what the lane signed of each closed epoch, newest first, page by page', async () => {
  const asked: unknown[] = []
  const anchor = { lane: laneId, epoch: 7, root: '0x01', count: 3, sum: '120', dataHash: '0x02', fromSeq: 1, toSeq: 3 }
  const app = fastify()
  app.setErrorHandler((error, _, reply) => reply.code(toAppError(error).httpStatus).send({}))
  epochRoutes(app, {
    id: laneId,
    epochFile: () => undefined,
    closedEpochs: (limit, before) => {
      asked.push([limit, before])
      return [{ anchor, anchorSignature: '0x03', fileBytes: 900, closedAtMs: 5 }]
    },
  })
  const { fromSeq, toSeq, count, root, dataHash } = anchor
  const expected = { epoch: 7, fromSeq, toSeq, count, sumMicroUsd: '120', root, dataHash, anchorSignature: '0x03' }
  expect((await app.inject('/v1/epochs')).json()).toEqual({
    object: 'list',
    lane: laneId,
    data: [{ ...expected, closedAtMs: 5, fileBytes: 900, file: '/v1/epochs/7/file' }],
  })
  await app.inject('/v1/epochs?limit=2&before=9')
  expect(asked).toEqual([
    [100, Infinity],
    [2, 9],
  ])
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'before=-1']) {
    expect((await app.inject(`/v1/epochs?${query}`)).statusCode).toBe(400)
  }
  await app.close()
})
