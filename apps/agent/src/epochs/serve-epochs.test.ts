import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytes32Of, type Hex } from '@isochrone/protocol'
import { createLogger } from '@isochrone/runtime'
import { expect, onTestFinished, test } from 'vitest'
import type { Copy } from './epoch-store.ts'
import { serveEpochs } from './serve-epochs.ts'

const logger = createLogger('test', 'silent')

async function node(copies: [lane: Hex, epoch: number][]) {
  const dir = await mkdtemp(join(tmpdir(), 'isochrone-copies-'))
  const pathOf = (lane: Hex, epoch: number) => join(dir, `${lane}-${epoch}`)
  const kept = copies.map(([lane, epoch]) => ({ lane, epoch, bytes: 999 }) as Copy)
  for (const { lane, epoch } of kept) await writeFile(pathOf(lane, epoch), `file of ${lane} ${epoch}`)
  const copiesOf = (epoch: number) => kept.filter((copy) => copy.epoch === epoch)
  const served = await serveEpochs({ copies: { copiesOf, pathOf }, host: '127.0.0.1', port: 0, logger })
  onTestFinished(async () => {
    await served.stop()
    await rm(dir, { recursive: true, force: true })
  })
  return async (path: string, init?: RequestInit) => {
    const response = await fetch(`${served.url}${path}`, init)
    return [response.status, await response.text()] as const
  }
}

const [one, other] = [bytes32Of('one'), bytes32Of('other')]

/** No one party can withhold an epoch: whoever was in it gives out what the lane signed for. */
test('a node gives out its copy of an epoch, by lane where it has several', async () => {
  const get = await node([
    [one, 7],
    [one, 8],
    [other, 8],
  ])
  expect(await get('/v1/epochs/7/file')).toEqual([200, `file of ${one} 7`])
  expect(await get(`/v1/epochs/8/file?lane=${other}`)).toEqual([200, `file of ${other} 8`])
  expect((await get('/v1/epochs/8/file'))[0]).toBe(409)
  expect((await get(`/v1/epochs/7/file?lane=${other}`))[0]).toBe(404)
})

test('nothing else is to be had there', async () => {
  const get = await node([[one, 7]])
  expect((await get('/v1/epochs/9/file'))[0]).toBe(404)
  for (const path of [
    '/',
    '/v1/epochs',
    '/v1/epochs/-1/file',
    '/v1/epochs/7/file/..',
    '/v1/epochs/%2e%2e/file',
    '//x',
  ]) {
    expect((await get(path))[0]).toBe(404)
  }
  expect((await get('/v1/epochs/7/file?lane=../../node.key'))[0]).toBe(400)
  expect((await get('/v1/epochs/7/file', { method: 'POST' }))[0]).toBe(404)
})
