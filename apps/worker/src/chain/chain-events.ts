/** Our contracts' events in the words of the services, with the time and hash of their block. */
import {
  countsLeafOf,
  getChannelEvents,
  getIsochroneEvents,
  type ChainReader,
  type IsochroneEvent,
} from '@isochrone/contracts-client'
import { disputeEventOf } from './dispute-events.ts'
import type { Hex } from '@isochrone/protocol'
import type { ChainEvent, WhatHappened } from '@isochrone/services'

/** Both ends included, oldest first. */
export async function chainEvents(reader: ChainReader, fromBlock: bigint, toBlock: bigint): Promise<ChainEvent[]> {
  return placed(reader, await getIsochroneEvents(reader, { fromBlock, toBlock }))
}

/** The same of one channel alone. */
export async function channelEvents(
  reader: ChainReader,
  channelId: Hex,
  fromBlock: bigint,
  toBlock: bigint,
): Promise<ChainEvent[]> {
  return placed(reader, await getChannelEvents(reader, channelId, { fromBlock, toBlock }))
}

async function placed(reader: ChainReader, found: readonly IsochroneEvent[]): Promise<ChainEvent[]> {
  const times = new Map<bigint, bigint>()
  const events: ChainEvent[] = []
  for (const event of found) {
    const what = event.eventName === 'PoolTested' ? await poolTestOf(reader, event, found) : whatOf(event)
    if (what === null) continue
    const { blockNumber, blockHash, transactionHash, logIndex } = event
    const known = times.get(blockNumber)
    const time = known ?? (await reader.publicClient.getBlock({ blockNumber })).timestamp
    times.set(blockNumber, time)
    events.push({ ...what, blockNumber, blockHash, txHash: transactionHash, logIndex, atMs: time * 1_000n })
  }
  return events
}

function whatOf(event: IsochroneEvent): WhatHappened | null {
  return channelEventOf(event) ?? recordEventOf(event) ?? disputeEventOf(event)
}

function channelEventOf(event: IsochroneEvent): WhatHappened | null {
  switch (event.eventName) {
    case 'ChannelOpened':
      return { kind: 'channel_opened', channelId: event.args.channelId }
    case 'Deposited':
      return { kind: 'deposit', channelId: event.args.channelId, microUsd: event.args.amount }
    case 'CeilingRaised':
      return { kind: 'ceiling', channelId: event.args.channelId, microUsd: event.args.ceiling }
    case 'WithdrawalRequested':
      return { kind: 'withdrawal_requested', channelId: event.args.channelId, microUsd: event.args.amount }
    case 'Withdrawn':
      return { kind: 'withdrawal', channelId: event.args.channelId, microUsd: event.args.amount }
    case 'PendingRefunded':
      return { kind: 'refund', channelId: event.args.channelId, microUsd: event.args.amount }
    case 'Credited':
      return { kind: 'credit', channelId: event.args.channelId, microUsd: event.args.amount }
    case 'EpochAnchored':
      return { kind: 'anchored', lane: event.args.lane, epoch: event.args.epoch }
    case 'Claimed': {
      const { channelId, providerId, lane, epoch, paid } = event.args
      return { kind: 'claimed', channelId, providerId, lane, epoch, paidMicroUsd: paid }
    }
    case 'Settled': {
      const { providerId, lane, epoch, gross, fee, net } = event.args
      return { kind: 'settled', providerId, lane, epoch, gross, fee, net }
    }
    default:
      return null
  }
}

const recordSteps = {
  RecordReported: 'reported',
  NodeSignatureAdded: 'countersigned',
  RecordChallenged: 'challenged',
  ChallengeResolved: 'resolved',
  RecordFinal: 'final',
  RecordInvalid: 'invalid',
} as const

function recordEventOf(event: IsochroneEvent): WhatHappened | null {
  switch (event.eventName) {
    case 'RecordReported':
    case 'NodeSignatureAdded':
    case 'RecordChallenged':
    case 'ChallengeResolved':
    case 'RecordFinal':
    case 'RecordInvalid': {
      const { nodeId, lane, epoch } = event.args
      const version = 'version' in event.args ? event.args.version : null
      return { kind: 'record', step: recordSteps[event.eventName], nodeId, lane, epoch, version }
    }
    default:
      return null
  }
}

type PoolTested = Extract<IsochroneEvent, { eventName: 'PoolTested' }>

/** With the counts that made the pool full, and what was credited at once: the ledger says so right after the test. */
async function poolTestOf(
  reader: ChainReader,
  { args, transactionHash, logIndex }: PoolTested,
  found: readonly IsochroneEvent[],
): Promise<WhatHappened> {
  const { nodeId, channelId, termsHash, brokenPromises: broken, penalty } = args
  const paid = found.find(
    (event) =>
      event.eventName === 'PenaltyPaid' && event.transactionHash === transactionHash && event.logIndex > logIndex,
  )
  const creditMicroUsd = penalty > 0n && paid?.eventName === 'PenaltyPaid' ? paid.args.credited : 0n
  const leaf = await countsLeafOf(reader, transactionHash)
  return { kind: 'pool_tested', nodeId, channelId, termsHash, leaf, broken, creditMicroUsd }
}
