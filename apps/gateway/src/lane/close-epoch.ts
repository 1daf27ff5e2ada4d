/**
 * Closes an epoch: decides what is in it, has it written, and gives the entry to be journalled.
 *
 * The anchor binds root, count, sum, span and the file's hash; each voucher is cumulative over the lane's lifetime, so a
 * lost one is made good by the next.
 */
import { invariant } from '@isochrone/domain'
import type { EpochClosedEntry, Hex } from '@isochrone/protocol'
import type { LaneState } from './lane-state.ts'
import type { LaneWriter } from './lane-writer.ts'
import { runEpochThread } from './run-epoch-thread.ts'
import type { EpochPlan } from './write-epoch.ts'
import type { LaneContracts } from './lane-contracts.ts'

export interface CloseEpochInput {
  lane: Hex
  privateKey: Hex
  contracts: LaneContracts
  journalDir: string
  /** Directory of epoch files. */
  dir: string
  state: LaneState
  writer: LaneWriter
  epoch: number
  nowMs: number
}

/** The entry to be journalled. Everything signed up to the call is in it; what comes later waits for the next epoch. */
export async function closeEpoch(input: CloseEpochInput): Promise<EpochClosedEntry> {
  const plan = planOf(input)
  await input.writer.flushed()
  const { anchor, anchorSignature, vouchers, nodes } = await runEpochThread(plan)
  const { lane, fromSeq, toSeq } = plan
  const closedAtMs = input.nowMs
  return { type: 'epoch-closed', lane, anchor, anchorSignature, vouchers, nodes, fromSeq, toSeq, closedAtMs }
}

/** Taken in one turn, so that sums and span fit each other. */
function planOf({ lane, privateKey, contracts, journalDir, dir, state, epoch }: CloseEpochInput): EpochPlan {
  // They stand in the order of their numbers, without a gap.
  const first = state.unclosed[0]
  const last = state.unclosed.at(-1)
  invariant(first && last, 'an empty epoch is not closed')
  invariant(first.seq === state.closedToSeq + 1, 'an epoch begins with the number after the last one')
  invariant(last.seq - first.seq + 1 === state.unclosed.length, 'a lane’s numbers have no gap')
  return {
    lane,
    privateKey,
    contracts,
    epoch,
    dir,
    journalDir,
    fromIndex: first.recordIndex,
    fromSeq: first.seq,
    toSeq: last.seq,
    terms: termsOf(state),
    corrections: [...state.corrections.values()].toSorted((a, b) => a.seq - b.seq),
    dues: duesOf(state),
  }
}

function termsOf(state: LaneState): EpochPlan['terms'] {
  const hashes = new Set(state.unclosed.map(({ termsHash }) => termsHash))
  return [...hashes].toSorted().map((termsHash) => {
    const { terms, document } = state.termsOf(termsHash)
    return { termsHash, terms, document }
  })
}

/** Cumulative amounts of every (channel, provider) that this epoch adds something to. */
function duesOf(state: LaneState): EpochPlan['dues'] {
  const channels = new Map<Hex, Map<Hex, bigint>>()
  for (const { channelId, termsHash, isFree } of state.unclosed) {
    if (isFree) continue
    const { providerId } = state.termsOf(termsHash).terms
    let providers = channels.get(channelId)
    if (!providers) channels.set(channelId, (providers = new Map()))
    if (!providers.has(providerId)) providers.set(providerId, state.cumulative(channelId, providerId))
  }
  return [...channels].flatMap(([channelId, providers]) =>
    [...providers].map(([providerId, cumulative]) => ({ channelId, providerId, cumulative })),
  )
}
