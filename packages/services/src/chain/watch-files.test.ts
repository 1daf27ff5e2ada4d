import { AppError } from '@isochrone/domain'
import { bytes32Of } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { createFileWatch } from './watch-files.ts'

const lane = bytes32Of('lane')
const dataHash = bytes32Of('file')
const FILE_S = 1_000

/** What is anchored when, which files can be had, and what was disputed. */
function market() {
  const anchored = new Map<number, number>()
  const there = new Set<number>()
  const disputes = new Map<number, bigint>()
  const evidence: string[] = []
  const state = { nowS: 0, looks: 0, dated: 0, isAddressKnown: true, hasBond: true }
  const watch = createFileWatch({
    transactions: { recordTransaction: async () => {} },
    files: {
      fileS: FILE_S,
      withheldAfterS: 400,
      async anchoredAtS(_lane, epoch) {
        state.dated += 1
        return anchored.get(epoch) ?? null
      },
      async look(_lane, epoch) {
        state.looks += 1
        const { isAddressKnown } = state
        return { isThere: there.has(epoch), isAddressKnown, said: ['http://gateway has no such epoch'] }
      },
      disputeAbout: async (_lane, epoch) => disputes.get(epoch) ?? null,
      async dispute(_lane, epoch, text) {
        if (!state.hasBond) throw new AppError('state_conflict', { publicMessage: 'No money for the bond.' })
        evidence.push(text)
        disputes.set(epoch, BigInt(evidence.length))
        return { txHash: '0x01' as const }
      },
    },
  })
  const anchor = (epoch: number, atS: number): void => {
    anchored.set(epoch, atS)
    watch.note(lane, epoch, dataHash)
  }
  /** Rounds until then, 10 s apart; how many disputes were filed. */
  async function until(nowS: number): Promise<number> {
    let done = 0
    for (; state.nowS < nowS; state.nowS += 10) done += (await watch.round(state.nowS)).done
    return done
  }
  return { watch, anchor, there, disputes, evidence, state, until, anchored }
}

/** No one party can withhold an epoch: its records and receipts must not become anybody's word. */
test('a file that nobody gives out for long enough is disputed, once, with what was said', async () => {
  const { watch, anchor, evidence, state, until } = market()
  anchor(7, 0)
  expect(await until(400)).toBe(0)
  expect((await watch.round(400)).failed).toEqual([
    {
      subject: `${lane}:7`,
      reason: `Nobody has the anchored file of epoch 7 of lane ${lane}: http://gateway has no such epoch. It is disputed as withheld if it stays so.`,
    },
  ])
  expect(await until(FILE_S)).toBe(1)
  expect(evidence).toHaveLength(1)
  expect(evidence[0]).toContain(`whose Keccak-256 is ${dataHash}`)
  expect(evidence[0]).toContain('- http://gateway has no such epoch')
  // Blocks are read again.
  const { looks } = state
  anchor(7, 0)
  expect(await until(2 * FILE_S)).toBe(0)
  expect(state.looks).toBe(looks)
})

test('a file that comes back in time, or that an audit has read, accuses nobody', async () => {
  const { watch, anchor, there, evidence, state, until } = market()
  anchor(7, 0)
  anchor(8, 0)
  watch.seen(lane, 8, bytes32Of('another file'))
  watch.seen(lane, 8, dataHash)
  await until(300)
  const { looks } = state
  expect(looks).toBeGreaterThan(0)
  there.add(7)
  await until(FILE_S)
  expect(evidence).toEqual([])
  expect(state.looks).toBe(looks + 1)
})

test('nobody is accused whose address is not known, whom somebody else has accused, or whose time is over', async () => {
  const known = market()
  known.anchor(7, 0)
  known.disputes.set(7, 9n)
  await known.until(FILE_S)
  expect(known.evidence).toEqual([])
  const foreign = market()
  foreign.state.isAddressKnown = false
  foreign.anchor(7, 0)
  await foreign.until(FILE_S + 100)
  expect(foreign.evidence).toEqual([])
  const late = market()
  late.anchor(6, 0)
  late.anchor(7, 10)
  late.state.nowS = FILE_S + 10
  await late.until(2 * FILE_S)
  // The newest is too old: so is every other one.
  expect(late.state).toMatchObject({ looks: 0, dated: 1 })
})

/** A worker that was away, or had no money for a bond, still files before the time to file is over. */
test('a late start and a missing bond are made good while there is time', async () => {
  const { anchor, evidence, state, until } = market()
  state.nowS = 700
  state.hasBond = false
  anchor(7, 0)
  expect(await until(950)).toBe(0)
  expect(evidence).toEqual([])
  state.hasBond = true
  expect(await until(FILE_S)).toBe(1)
  // An anchor that a reorganisation took away is no longer asked about.
  const { looks } = state
  anchor(8, 0)
  expect(await until(2 * FILE_S)).toBe(0)
  expect(state.looks).toBe(looks)
})
