/**
 * A node whose process is killed, or whose machine loses its power, at any moment of its work: what it signed contradicts nothing
 * that it signed before, and what it still has is presented.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import {
  addressOfKey,
  addressToBytes32,
  decodeStruct,
  randomBytes32,
  ZERO_BYTES32,
  type SigningDomain,
  type WorkReceipt,
} from '@isochrone/protocol'
import { afterAll, expect, test } from 'vitest'
import { AppendLog } from './append-log.ts'
import { ReceiptLog, type PresentedWork } from './receipt-log.ts'

const SECTOR_BYTES = 512
const directory = await mkdtemp(join(tmpdir(), 'isochrone-power-'))
afterAll(() => rm(directory, { recursive: true }))

const key = randomBytes32()
const lane = randomBytes32()
const domain: SigningDomain = { chainId: 1, verifyingContract: `0x${'ab'.repeat(20)}` }

type Attempt = Omit<WorkReceipt, 'seq'>
const newAttempt = (): Attempt => ({
  channelId: ZERO_BYTES32,
  requestId: randomBytes32(),
  attempt: 0,
  nodeId: addressToBytes32(addressOfKey(key)),
  termsHash: ZERO_BYTES32,
  modelHash: ZERO_BYTES32,
  requestHash: ZERO_BYTES32,
  outputHash: ZERO_BYTES32,
  integrityRoot: ZERO_BYTES32,
  tokensIn: 1,
  tokensCached: 0,
  tokensOut: 2,
  engineTtftUs: 3,
  engineDurationUs: 4,
  finishedAtMs: 5,
  status: 0,
})

/** The disk under one log: a sync ends when the test says so, and puts down what was in the file when it began. */
class Disk {
  readonly path: string
  durable: Buffer = Buffer.alloc(0)
  #endSync: (() => void) | undefined
  #isFast = false

  constructor(path: string) {
    this.path = path
  }

  get inKernel(): Buffer {
    return readFileSync(this.path)
  }

  readonly sync = async (): Promise<void> => {
    const seen = this.inKernel
    if (!this.#isFast) await new Promise<void>((resolve) => (this.#endSync = resolve))
    this.durable = seen
  }

  endSync(): void {
    this.#endSync?.()
  }

  /** From now on no sync waits. */
  hurry(): void {
    this.#isFast = true
    this.endSync()
  }

  /** What was synced, and of what was written later the sectors that the disk had come to. */
  afterPowerLoss(isLost: () => boolean): Buffer {
    const kept = this.inKernel
    const synced = Buffer.alloc(kept.length)
    this.durable.copy(synced)
    for (let at = 0; at < kept.length; at += SECTOR_BYTES) {
      const sector = synced.subarray(at, at + SECTOR_BYTES)
      if (!kept.subarray(at, at + SECTOR_BYTES).equals(sector) && isLost()) sector.copy(kept, at)
    }
    return kept
  }
}

const signaturesIn = (log: Buffer): string[] =>
  [...log.toString('latin1').matchAll(/"kind":"work".*"signature":"(0x[0-9a-f]+)"/g)].map(
    ([, signature = '']) => signature,
  )

/** Over all lives of a node: what gateways were sent by it. */
type Sent = { readonly seqs: Set<number>; readonly attempts: Attempt[]; readonly signatures: string[] }

type Step = 'begin' | 'end' | 'sync' | 'rest'
type Life = { readonly steps: readonly Step[]; readonly end: 'power' | 'killed' | 'closed' }

/** Lives until the end of it; resolves with what is in the file then, and the signatures that are to be presented. */
async function live(disk: Disk, log: ReceiptLog, { steps, end }: Life, sent: Sent, isLost: () => boolean) {
  const running: Attempt[] = []
  const sending: Promise<void>[] = []
  const sentBefore = sent.signatures.length
  let isOver = false
  for (const step of steps) {
    if (step === 'begin') {
      const attempt = newAttempt()
      // Once in 100,000 a new one is taken for an old one.
      if (!log.claim(attempt)) continue
      log.begin(attempt)
      running.push(attempt)
    }
    const attempt = step === 'end' && running.shift()
    if (attempt) {
      const onSent = ({ signedWork }: PresentedWork) => {
        if (isOver) return
        const { seq } = decodeStruct('WorkReceipt', signedWork.work)
        expect(sent.seqs.has(seq), `number ${seq} is used twice`).toBe(false)
        sent.seqs.add(seq)
        sent.attempts.push(attempt)
        sent.signatures.push(signedWork.signature)
      }
      sending.push(log.sign(domain, lane, attempt, key).then(onSent))
    }
    if (step === 'sync') disk.endSync()
    if (step === 'rest') await pause(12)
    else await turn()
  }
  if (end === 'closed') disk.hurry()
  const closed = end === 'closed' ? log.close() : undefined
  await closed
  await turn()
  isOver = true
  const bytes = end === 'power' ? disk.afterPowerLoss(isLost) : disk.inKernel
  const presented = [...signaturesIn(disk.durable), ...(end === 'power' ? [] : sent.signatures.slice(sentBefore))]
  disk.hurry()
  await Promise.all([...sending, closed ?? log.close()])
  return { bytes, presented }
}

test('over lives that end in order, by a kill or without power, no number and no attempt is used twice', async () => {
  const step = fc.constantFrom<Step>('begin', 'begin', 'end', 'end', 'end', 'sync', 'sync', 'rest')
  const life = fc.record({
    steps: fc.array(step, { minLength: 4, maxLength: 40 }),
    end: fc.constantFrom('power' as const, 'power' as const, 'killed' as const, 'closed' as const),
  })
  let runs = 0
  const counts = { sent: 0, lost: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.array(life, { minLength: 2, maxLength: 4 }),
      fc.infiniteStream(fc.boolean()),
      async (lives, losses) => {
        let lost = 0
        const name = join(directory, `node-${runs++}`)
        const sent: Sent = { seqs: new Set(), attempts: [], signatures: [] }
        let before: { bytes: Buffer; presented: string[] } = { bytes: Buffer.alloc(0), presented: [] }
        for (const [at, each] of [...lives, { steps: ['begin', 'end', 'sync'], end: 'closed' } as const].entries()) {
          const disk = new Disk(`${name}-${at}.jsonl`)
          await writeFile(disk.path, before.bytes)
          // What is torn is emptied, and synced so, before anything else is written.
          await (await AppendLog.open(disk.path, () => {})).close()
          disk.durable = disk.inKernel
          const log = await ReceiptLog.open(disk.path, disk.sync, 2)
          const again = sent.attempts.filter((attempt) => log.claim(attempt))
          expect(again, 'attempts that would be run again').toEqual([])
          const presented = new Set(log.unconfirmedOf(lane).map(({ signedWork }) => signedWork.signature))
          expect(before.presented.filter((signature) => !presented.has(signature))).toEqual([])
          lost = sent.signatures.filter((signature) => !presented.has(signature)).length
          before = await live(disk, log, each, sent, () => losses.next().value)
          await rm(disk.path)
        }
        counts.sent += sent.attempts.length
        counts.lost += lost
      },
    ),
    { numRuns: 30 },
  )
  // It did happen: receipts were sent before they were on the disk, and lost with it.
  expect(counts.sent).toBeGreaterThan(50)
  expect(counts.lost).toBeGreaterThan(5)
})
