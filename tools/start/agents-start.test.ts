import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Exit } from '@isochrone/local-stack'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lastErrorOf, openProcessLog } from './agent-log.ts'
import { chooseModel } from './model-to-ask-for.ts'
import { resetData } from './reset-data.ts'
import { waitForLink } from './wait-for-link.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'isochrone-agents-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const never = new Promise<Exit>(() => {})
const loading = (percent: number) => `{"level":30,"percent":${percent},"msg":"loading the model"}\n`

test('an agent that ends is quoted with its own words and the place of its log, at once', async () => {
  const file = join(dir, 'agent.log')
  writeFileSync(file, 'agent: the words of an earlier start\n')
  const log = openProcessLog(file)
  appendFileSync(file, '{"level":30,"msg":"hello"}\nagent: Failed to load model\n    at load (llama.ts:1)\n')
  const exited = Promise.resolve({ code: 1, signal: null })
  const wait = waitForLink({ name: 'The agent a', running: { exited }, log, isLinked: async () => false })
  await expect(wait).rejects.toThrow(`The agent a cannot start (exit code 1): Failed to load model (log: ${file})`)
})

test('the line that is quoted is the one that tells most', () => {
  expect(lastErrorOf(['{"level":40,"msg":"the gateway refused the link","reason":"unknown node"}', 'bye'])).toBe(
    'the gateway refused the link: unknown node',
  )
  expect(lastErrorOf(['some native library: broken'])).toBe('some native library: broken')
  expect(lastErrorOf([])).toBe('it said nothing')
})

test('a large model may load for as long as it gets on, and no longer', async () => {
  const file = join(dir, 'agent.log')
  const log = openProcessLog(file)
  const seen: number[] = []
  let percent = 0
  const timer = setInterval(() => percent < 90 && appendFileSync(file, loading((percent += 15))), 150)
  const startedMs = Date.now()
  const wait = waitForLink({
    name: 'The agent a',
    running: { exited: never },
    log,
    isLinked: async () => false,
    onLoading: (now) => seen.push(now),
    stallMsMax: 2_000,
  })
  await expect(wait).rejects.toThrow(/did not come up within 2 s; the last it said: loading the model \(log: /)
  clearInterval(timer)
  expect(Date.now() - startedMs).toBeGreaterThan(1_000)
  expect(seen.at(-1)).toBe(90)
})

test('the printed request asks for a model that is computed, not for a simulated one', () => {
  const listed = (id: string, nodes: number, simulatedNodes: number) => ({ id, isochrone: { nodes, simulatedNodes } })
  expect(chooseModel([listed('demo', 2, 2), listed('own', 3, 0)])).toBe('own')
  expect(chooseModel([listed('demo', 5, 2)])).toBe('demo')
  expect(chooseModel([listed('demo', 2, 2)])).toBe('demo')
})

test('a reset forgets the API key with all else, and nothing that is not ours', () => {
  for (const name of ['demo-api-key', 'secrets.json', 'my-notes.txt']) writeFileSync(join(dir, name), 'x')
  for (const name of ['postgres', 'models', 'cache']) mkdirSync(join(dir, name))
  resetData(dir)
  expect(readdirSync(dir).toSorted()).toEqual(['cache', 'my-notes.txt'])
})
