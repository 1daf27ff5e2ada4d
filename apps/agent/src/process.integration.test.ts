/** The agent as a person runs it: its own process, killed without warning, started again, and stopped politely. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SMALL_CREDIT_BYTES, TestGateway } from './link/test-gateway.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const root = await mkdtemp(join(tmpdir(), 'isochrone-process-'))
const gateway = new TestGateway()
const children: ChildProcess[] = []

beforeAll(() => {
  gateway.streamCreditBytes = SMALL_CREDIT_BYTES
  return gateway.start()
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await gateway.kill()
  await rm(root, { recursive: true, force: true })
})

function agent(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return child
}

async function linkedAgent(): Promise<ChildProcess> {
  const before = gateway.welcomes
  const child = agent('run', '--data-dir', join(root, 'node'), '--gateway', gateway.url, '--context', '2048')
  await expect.poll(() => gateway.welcomes, { timeout: 60_000 }).toBe(before + 1)
  return child
}

const chat = (max_tokens: number) => ({ messages: [{ role: 'user', content: 'Hello' }], max_tokens })

test('an agent that is killed in mid-stream comes back, presents what it signed, and repeats no number', async () => {
  const first = await linkedAgent()
  const signed = gateway.checkedWork((await gateway.open({}, chat(4)).end).work)
  expect(signed.seq).toBe(1)
  // Streamed: in so many chunks that it is still under way when its credits are used up.
  const cut = gateway.open({}, { ...chat(1000), stream: true })
  await expect.poll(() => cut.creditTaken(), { timeout: 30_000 }).toBeGreaterThanOrEqual(SMALL_CREDIT_BYTES)
  first.kill('SIGKILL')
  await once(first, 'exit')

  const second = await linkedAgent()
  await expect.poll(() => gateway.represented.length, { timeout: 30_000 }).toBe(1)
  expect(gateway.checkedWork(gateway.represented[0] ?? null)).toEqual(signed)
  expect(gateway.checkedWork((await gateway.open({}, chat(4)).end).work).seq).toBe(2)

  second.kill('SIGTERM')
  expect(await once(second, 'exit')).toEqual([0, null])
}, 300_000)

test.each([
  [['run'], 'no data directory: give --data-dir or set DATA_DIR'],
  [['run', '--data-dir', join(root, 'lost')], 'no gateway: give --gateway, set GATEWAY_URLS, or use join first'],
  [['run', '--engine', 'abacus'], 'Allowed choices are llama, simulated, openai'],
  [['run', '--capacity', '0'], 'an integer of 1 or more'],
  [['join', '--api', 'http://127.0.0.1:9'], "required option '--token <token>' not specified"],
])('%j fails with one clear line', async (args, line) => {
  const child = agent(...args)
  let output = ''
  child.stderr?.on('data', (text: Buffer) => (output += text.toString()))
  const [code] = (await once(child, 'close')) as [number]
  expect(code).toBe(1)
  expect(output).toContain(line)
  expect(output).not.toContain('    at ')
})
