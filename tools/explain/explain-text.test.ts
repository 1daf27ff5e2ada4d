import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prng } from '@isochrone/domain'
import { createReplicaPool, decide, mergeRouting, type PlacementRecord } from '@isochrone/scheduler'
import { afterAll, expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { explainText } from './explain-text.ts'

function recorded(seed: number): PlacementRecord {
  const pool = createReplicaPool()
  for (let n = 0; n < 40; n++) {
    pool.upsert({
      nodeId: `node_${n}`,
      providerId: 'prv_1',
      modelHash: '0x1',
      failureDomain: `dc-${n}`,
      region: 'eu-de',
      country: 'DE',
      tier: 'cloud',
      gpuClass: 'H200',
      trust: 'claimed',
      dataPolicy: 'any',
      contextTokensMax: 8_192,
      prices: { inPerMtok: 100_000 + n, cachedPerMtok: 10_000, outPerMtok: 400_000, inPerGb: 0, outPerGb: 0 },
      concurrencyMax: 8,
    })
  }
  const request = {
    requestId: `req_${seed}`,
    modelHash: null,
    tokensIn: 500,
    tokensOutMax: 200,
    tokensOutExpected: 100,
    bytesIn: 2_000,
    prefixHashes: [],
    prefixBlockTokens: 16,
    policy: mergeRouting({ request: { sort: 'latency' } }),
    excludeNodeIds: [],
  }
  return decide(pool, request, prng(seed), 1_700_000_000_000).record()
}

test('a record replays from a bare file, from an answer of the API, from a stream and from JSON lines', () => {
  const record = recorded(1)
  const placement = { unit: 'µUSD', ...record }
  const answer = JSON.stringify({ choices: [], isochrone: { node: 'x', placement } }, null, 2)
  const stream = `data: {"choices":[]}\n\ndata: ${JSON.stringify({ isochrone: { placement } })}\n\ndata: [DONE]\n`
  for (const text of [JSON.stringify(record), answer, stream]) {
    const explained = explainText(text, 'x.json')
    expect(explained).toContain(`Replayed: the same choice, ${record.choice}`)
    expect(explained).toContain('Candidates, best first')
  }
  const lines = explainText(`${JSON.stringify(record)}\n${JSON.stringify(recorded(2))}\n`, 'x.jsonl')
  expect(lines.match(/Replayed: the same choice/g)).toHaveLength(2)
})

test('the other decisions of a request are replayed in their order, each with what it sent where', () => {
  const [first, hedge, move] = [recorded(1), recorded(2), recorded(3)]
  const other = hedge.alternates[0] ?? ''
  const placement = {
    ...hedge,
    sent: [{ attempt: 1, nodeId: other, as: 'hedge' }],
    earlier: [{ ...first, sent: [{ attempt: 0, nodeId: first.choice, as: 'first' }] }],
    later: [{ ...move, sent: [] }],
  }
  const explained = explainText(JSON.stringify({ isochrone: { placement } }), 'x.json')
  expect(explained.match(/^Decision \d of 3$/gm)).toEqual(['Decision 1 of 3', 'Decision 2 of 3', 'Decision 3 of 3'])
  const choices = [...explained.matchAll(/Replayed: the same choice, (\S+);/g)].map(([, choice]) => choice)
  expect(choices).toEqual([first.choice, hedge.choice, move.choice])
  expect(explained).toContain(`attempt 0 to ${first.choice}, the choice: the first`)
  expect(explained).toContain(`attempt 1 to ${other}, alternate 1: a hedge beside a silent one`)
  expect(explained).toContain('No attempt was sent by it.')
  const wrong = { ...placement, later: [{ ...move, choice: 'node_x' }] }
  expect(() => explainText(JSON.stringify(wrong), 'x.json')).toThrow(/record 3: the replay differs/)
})

test('what cannot be replayed is said in one sentence', () => {
  const record = recorded(1)
  const said = (text: string): string => {
    try {
      return explainText(text, 'x.json')
    } catch (error) {
      return (error as Error).message
    }
  }
  expect(said('')).toBe('x.json is not JSON: it is empty')
  expect(said('no')).toMatch(/^x\.json is not JSON: /)
  expect(said('{"a":1}\n{oops')).toMatch(/^x\.json is not JSON: line 2: /)
  expect(said('{"a":1}')).toMatch(/^x\.json holds no recorded placement\./)
  expect(said(JSON.stringify({ ...record, engineVersion: '0.0.1' }))).toMatch(/made by engine 0\.0\.1/)
  expect(said(JSON.stringify({ ...record, sampled: {} }))).toMatch(/sampled is missing or not what the engine writes/)
  expect(said(JSON.stringify({ ...record, choice: 'node_x' }))).toMatch(/the replay differs from the record\. choice: /)
})

const dir = mkdtempSync(join(tmpdir(), 'isochrone-explain-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const main = join(projectRoot, 'tools/explain/main.ts')

test('the command reads a file or stdin, and fails with one line', () => {
  const file = join(dir, 'record.json')
  writeFileSync(file, JSON.stringify(recorded(3)))
  const fromFile = execFileSync(process.execPath, [main, file], { encoding: 'utf8' })
  const fromStdin = execFileSync(process.execPath, [main, '-'], {
    input: JSON.stringify(recorded(3)),
    encoding: 'utf8',
  })
  expect(fromStdin).toBe(fromFile)
  for (const arg of [join(dir, 'missing.json'), dir]) {
    const { status, stderr } = spawnSync(process.execPath, [main, arg], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  }
})
