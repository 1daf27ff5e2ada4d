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
  epochRoutes(app, { id: laneId, epochFile: (epoch) => (epoch === 7 ? path : undefined) })
  const found = await app.inject('/v1/epochs/7/file')
  expect([found.statusCode, [...found.rawPayload]]).toEqual([200, [0x1f, 0x8b, 1, 2, 3]])
  expect(found.headers['content-disposition']).toContain(`${laneId}-7.jsonl.gz`)
  for (const epoch of ['8', '-7', '7.0', '..%2F7', 'x']) {
    expect((await app.inject(`/v1/epochs/${epoch}/file`)).statusCode).toBe(404)
  }
  await app.close()
})
