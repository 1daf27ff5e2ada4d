/** The contract with a helper, on small programs that keep it or break it, each in its own way. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMatmulProduct, matmulCommitment, productFromBytes, randomBytes32 } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { afterEach, expect, test, vi } from 'vitest'
import { createMatmulHelper, type MatmulHelperOptions } from './matmul-helper.ts'
import { createMatmulSolver } from './matmul-solver.ts'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close()
})

/** A helper in Node: `answer(id, order, a, b)` is the code that a test gives it. */
const program = (answer: string, hello = `{"isochrone":"matmul-helper","version":1}`) => `#!${process.execPath}
const say = (text, bytes = Buffer.alloc(0)) => process.stdout.write(Buffer.concat([Buffer.from(text + '\\n'), bytes]))
const right = (order, a, b) => {
  const out = Buffer.alloc(order * order * 4)
  for (let i = 0; i < order; i++) for (let j = 0; j < order; j++) {
    let sum = 0
    for (let k = 0; k < order; k++) sum += a.readInt8(i * order + k) * b.readInt8(k * order + j)
    out.writeInt32LE(sum, (i * order + j) * 4)
  }
  return out
}
const until = (path, line) => require('fs').existsSync(path) ? console.log(line) : setTimeout(until, 10, path, line)
const answer = (id, order, a, b) => { ${answer} }
let got = Buffer.alloc(0)
process.stdin.on('data', (chunk) => {
  got = Buffer.concat([got, chunk])
  const end = got.indexOf('\\n')
  if (end < 0) return
  const { id, order } = JSON.parse(got.subarray(0, end))
  const size = order * order
  if (got.length < end + 1 + 2 * size) return
  const [a, b] = [got.subarray(end + 1, end + 1 + size), got.subarray(end + 1 + size, end + 1 + 2 * size)]
  got = got.subarray(end + 1 + 2 * size)
  answer(id, order, a, b)
})
console.log(${JSON.stringify(hello)})
`
const wellDone = `say(JSON.stringify({ id, bytes: order * order * 4, devices: ['one', 'two'] }), right(order, a, b))`

async function start(code: string | null, options: Partial<MatmulHelperOptions> = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'helper-'))
  const path = join(dir, 'helper.cjs')
  if (code !== null) await writeFile(path, code, { mode: 0o700 })
  const info = vi.fn<(...said: unknown[]) => void>()
  const warn = vi.fn<(...said: unknown[]) => void>()
  const logger = { info, warn } as unknown as Logger
  const helper = createMatmulHelper({ program: path, logger, startMsMax: 20_000, againMs: 60_000, ...options })
  const solver = createMatmulSolver(helper)
  open.push(
    () => rm(dir, { recursive: true }),
    () => solver.close(),
  )
  const settled = () => vi.waitFor(() => expect(info.mock.calls.length + warn.mock.calls.length).toBe(1), 25_000)
  return {
    path,
    solver,
    settled,
    warn,
    reason: () => (warn.mock.calls[0]?.[0] as { reason?: string } | undefined)?.reason,
  }
}
const challenge = (order = 32) => ({ nonce: randomBytes32(), nodeId: randomBytes32(), order })
type Solver = ReturnType<typeof createMatmulSolver>

/** Solves one, checks its product and commitment, and says who computed. */
async function computedBy(solver: Solver, asked = challenge(), portable = false) {
  const solved = await solver.solve(asked, portable)
  const product = solved && productFromBytes(solved.product, asked.order)
  if (!product) throw new Error('it was not solved')
  expect(solved.commitment).toBe(matmulCommitment(asked, product))
  expect(isMatmulProduct(asked, product, { seed: randomBytes32() })).toBe(true)
  return solved.computed
}
const portable = { by: 'portable', devices: [] }

test('a helper computes what it is asked, again and again, and the answer says so', async () => {
  const { solver, settled, warn } = await start(program(wellDone))
  await settled()
  for (const order of [16, 33, 64]) {
    expect(await computedBy(solver, challenge(order))).toEqual({ by: 'helper', devices: ['one', 'two'] })
  }
  // Two times of the CPU are to be compared: the helper is left out.
  expect(await computedBy(solver, challenge(), true)).toEqual(portable)
  expect(warn).not.toHaveBeenCalled()
})

/** Whatever a helper does, the node answers, and rightly: its own program cannot make it a cheat. */
test.each([
  ['hangs', program(''), 'did not answer within 300 ms'],
  ['crashes', program('process.exit(3)'), 'ended with 3'],
  ['says no JSON', program(`say('what?')`), 'not one to this question'],
  ['answers another question', program(`say(JSON.stringify({ id: id + 1, bytes: 4096, devices: ['x'] }))`), 'not one'],
  ['announces another size', program(`say(JSON.stringify({ id, bytes: 4, devices: ['x'] }))`), 'announced 4 bytes'],
  ['has no device', program(`say(JSON.stringify({ id, bytes: 4096, devices: [] }))`), 'not one to this question'],
  ['says that it cannot', program(`say(JSON.stringify({ id, error: 'no memory' }))`), 'answered: no memory'],
  ['never ends its line', program(`process.stdout.write('x'.repeat(1e6))`), 'wrote what nobody asked for'],
  [
    'sends half of it',
    program(`say(JSON.stringify({ id, bytes: 4096, devices: ['x'] }), Buffer.alloc(2048))`),
    'did not answer within 300 ms',
  ],
  [
    'is wrong',
    program(`say(JSON.stringify({ id, bytes: 4096, devices: ['x'] }), Buffer.alloc(4096, 1))`),
    'its product is wrong',
  ],
])('the agent computes itself where the helper %s', async (_what, code, reason) => {
  const { solver, settled, ...helper } = await start(code, { answerMsMax: 300 })
  await settled()
  expect(await computedBy(solver)).toEqual(portable)
  expect(helper.reason()).toContain(reason)
  // Not before its time: it is left alone, and says nothing more.
  expect(await computedBy(solver)).toEqual(portable)
  expect(helper.warn).toHaveBeenCalledTimes(1)
})

test.each([
  ['is not there', null, 'ENOENT'],
  ['says something else first', program('', 'ready'), 'its first line is not'],
  ['speaks another version', program('', '{"isochrone":"matmul-helper","version":2}'), 'its first line is not'],
  ['says nothing', `#!${process.execPath}\nsetInterval(() => {}, 1000)`, 'said nothing within 300 ms'],
  ['ends at once', `#!${process.execPath}\nconsole.error('no torch here')\nprocess.exit(1)`, 'ended with 1'],
])('a helper that %s is not asked, and the log says why', async (_what, code, reason) => {
  const started = await start(code, reason.includes('300') ? { startMsMax: 300 } : {})
  await started.settled()
  expect(await computedBy(started.solver)).toEqual(portable)
  expect(started.reason()).toContain(reason)
})

test('while it is not ready the agent computes itself, and a helper that failed is tried again later', async () => {
  const late = await start(program(wellDone).replace('console.log(', "until(__filename + '.go', "))
  expect(await computedBy(late.solver)).toEqual(portable)
  await writeFile(`${late.path}.go`, '')
  await late.settled()
  expect(await computedBy(late.solver)).toMatchObject({ by: 'helper' })

  // Fails in its first life only: a file says that it has lived.
  const once = `const fs = require('fs'); if (!fs.existsSync(__filename + '.1')) { fs.writeFileSync(__filename + '.1', ''); process.exit(1) } ${wellDone}`
  const again = await start(program(once), { againMs: 1 })
  await again.settled()
  expect(await computedBy(again.solver)).toEqual(portable)
  await vi.waitFor(async () => expect(await computedBy(again.solver)).toMatchObject({ by: 'helper' }), 20_000)
})

test('what it writes after its answer ends it, and the answer holds', async () => {
  const { solver, settled, reason } = await start(program(`${wellDone}; setTimeout(say, 20, 'and more')`))
  await settled()
  expect(await computedBy(solver)).toMatchObject({ by: 'helper' })
  await vi.waitFor(() => expect(reason()).toBe('it wrote what nobody asked for'), 5_000)
  expect(await computedBy(solver)).toEqual(portable)
})
