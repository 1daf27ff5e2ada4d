import { AppError } from '@isochrone/domain'
import { bytes32Of, type Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import type { JudgedRecord } from '../ports/trust-port.ts'
import { createRecordAudits } from './audit-records.ts'

const lane = bytes32Of('lane')
const nameOf = (node: string, epoch = 7) => ({ nodeId: bytes32Of(node), lane, epoch })

/** What stands open on the ledger, what its file says, and who was accused. */
function market() {
  const open = new Map<Hex, number>()
  const verdicts = new Map<Hex, JudgedRecord['verdict']>()
  const accused: Hex[] = []
  const proven: string[] = []
  const convicts: string[] = []
  const state = { hasFile: true, takesChallenges: true, filesRead: 0 }
  const audits = createRecordAudits({
    transactions: { recordTransaction: async () => {} },
    audit: {
      openVersionOf: async ({ nodeId }) => open.get(nodeId) ?? null,
      async judge(_lane, _epoch, nodeIds) {
        state.filesRead += 1
        const contradictions = convicts.map((name) => ({
          name,
          accuse: async () => {
            if (!state.takesChallenges) throw new AppError('state_conflict', { publicMessage: 'Not by these terms.' })
            proven.push(name)
            return { txHash: '0x02' as const }
          },
        }))
        if (!state.hasFile) return { contradictions, records: null, dataHash: null, reason: 'There is no file.' }
        const records = nodeIds.map((nodeId) => ({
          nodeId,
          verdict: verdicts.get(nodeId) ?? 'right',
          accuse: async () => {
            if (!state.takesChallenges) throw new AppError('state_conflict', { publicMessage: 'No money for a bond.' })
            accused.push(nodeId)
            open.delete(nodeId)
            return { txHash: '0x01' as const }
          },
        }))
        return { contradictions, records, dataHash: bytes32Of('file'), reason: null }
      },
    },
  })
  return { audits, open, verdicts, accused, convicts, proven, state }
}

/** A payer's credit and a provider's pay: a lane cannot report what its receipts do not say. */
test('of the records of an epoch the wrong one is accused, once, and its file is read once', async () => {
  const { audits, open, verdicts, accused, state } = market()
  const [honest, liar] = [nameOf('honest'), nameOf('liar')]
  for (const { nodeId } of [honest, liar]) open.set(nodeId, 0)
  verdicts.set(liar.nodeId, 'wrong')
  audits.note(honest, 0, 1_000)
  audits.note(liar, 0, 1_000)
  expect(await audits.round(500)).toEqual({ done: 1, failed: [] })
  // Blocks are read again, and rounds come again.
  audits.note(honest, 0, 1_000)
  audits.note(liar, 0, 1_000)
  expect(await audits.round(900)).toEqual({ done: 0, failed: [] })
  expect(accused).toEqual([liar.nodeId])
  expect(state.filesRead).toBe(1)
})

test('a corrected version is judged anew; what stands no longer open is not', async () => {
  const { audits, open, verdicts, accused, state } = market()
  const record = nameOf('node')
  verdicts.set(record.nodeId, 'contradicted')
  audits.note(record, 0, 1_000)
  await audits.round(500)
  expect(state.filesRead).toBe(0)
  open.set(record.nodeId, 1)
  audits.note(record, 1, 1_000)
  expect((await audits.round(500)).done).toBe(1)
  expect(accused).toEqual([record.nodeId])
})

test('a file that is not there yet, and a challenge that is refused, come again until the window is over', async () => {
  const { audits, open, verdicts, accused, state } = market()
  const record = nameOf('node')
  open.set(record.nodeId, 0)
  verdicts.set(record.nodeId, 'wrong')
  audits.note(record, 0, 1_000)
  state.hasFile = false
  expect((await audits.round(100)).failed).toEqual([{ subject: `${lane}:7`, reason: 'There is no file.' }])
  // Not at once: whoever is away stays away for a while.
  expect((await audits.round(129)).failed).toEqual([])
  state.hasFile = true
  state.takesChallenges = false
  expect((await audits.round(200)).failed).toEqual([{ subject: `${lane}:7`, reason: 'No money for a bond.' }])
  state.takesChallenges = true
  expect((await audits.round(300)).done).toBe(1)
  expect(accused).toEqual([record.nodeId])

  open.set(record.nodeId, 0)
  audits.note(nameOf('node', 8), 0, 400)
  expect(await audits.round(400)).toEqual({ done: 0, failed: [] })
})

/** Lane and node hold the node's signature back, and nobody gives the file out until it is on the ledger. */
test('a window that ends earlier is known at once, and looked at once more before its end', async () => {
  const { audits, open, accused, verdicts, state } = market()
  const record = nameOf('node')
  open.set(record.nodeId, 0)
  verdicts.set(record.nodeId, 'wrong')
  audits.note(record, 0, 20_000)
  state.hasFile = false
  for (let nowS = 0; nowS < 8_000; nowS += 10) await audits.round(nowS)
  const looks = state.filesRead
  // The node's signature is there: of 20,000 s half are left, and the retries are an hour apart by now.
  audits.note(record, 0, 9_000)
  for (let nowS = 8_000; nowS < 8_700; nowS += 10) await audits.round(nowS)
  state.hasFile = true
  for (let nowS = 8_700; nowS < 9_000; nowS += 10) await audits.round(nowS)
  expect(state.filesRead).toBeGreaterThan(looks)
  expect(accused).toEqual([record.nodeId])
  // Gone with its window, whatever was published before.
  open.set(record.nodeId, 0)
  expect(await audits.round(9_000)).toEqual({ done: 0, failed: [] })
})

/** A slash for whoever contradicts itself, whether its file is the anchored one or not; bounded, because we pay the gas. */
test('what a file contradicts is proven once, 20 a reading, also where records cannot be judged', async () => {
  const { audits, open, convicts, proven, state } = market()
  const record = nameOf('node')
  open.set(record.nodeId, 0)
  audits.note(record, 0, 10_000)
  convicts.push(...Array.from({ length: 21 }, (_, index) => `two deliveries ${index}`))
  state.hasFile = false
  expect(await audits.round(100)).toEqual({ done: 20, failed: [{ subject: `${lane}:7`, reason: 'There is no file.' }] })
  state.hasFile = true
  expect(await audits.round(200)).toEqual({ done: 1, failed: [] })
  expect(proven).toEqual(convicts)
  open.set(record.nodeId, 1)
  audits.note(record, 1, 10_000)
  expect(await audits.round(300)).toEqual({ done: 0, failed: [] })
  expect(state.filesRead).toBe(3)
})

test('a proof that the contract refuses is sent once, and holds up no record', async () => {
  const { audits, open, verdicts, accused, convicts, proven, state } = market()
  const record = nameOf('node')
  open.set(record.nodeId, 0)
  verdicts.set(record.nodeId, 'wrong')
  audits.note(record, 0, 10_000)
  convicts.push('wrong price')
  state.takesChallenges = false
  expect((await audits.round(100)).failed).toEqual([{ subject: `${lane}:7`, reason: 'No money for a bond.' }])
  state.takesChallenges = true
  expect((await audits.round(200)).done).toBe(1)
  expect([accused, proven]).toEqual([[record.nodeId], []])
})
