/**
 * Takes performance records through the ledger: reported once their epoch is anchored, final once nobody can challenge
 * them any more; what an invalid one freezes is let go when its time is over. A record's status is what the confirmed
 * chain says, whoever sent the transaction.
 */
import { AppError, statusesBefore } from '@isochrone/domain'
import { decodeStruct, type Hex } from '@isochrone/protocol'
import { sendRecorded } from '../chain/send-recorded.ts'
import { storedMicroUsd } from '../chain/stored-amounts.ts'
import type { StandingOnChain } from '../ports/chain-port.ts'
import type { RecordRow } from '../ports/epoch-store.ts'
import { attempt, type SettlementDeps, type Stuck } from './settlement-deps.ts'

type Deps = Pick<SettlementDeps, 'records' | 'chain' | 'transactions'>

const RECORDS_A_ROUND = 500

/** False when the chain was away before all were looked at. */
export async function reportRecords(deps: Deps, stuck: Stuck[]): Promise<boolean> {
  const { nowS } = await deps.chain.head()
  // Nothing to ask about while a window or freeze runs: a challenge comes as an event.
  for (const row of await deps.records.underWay(RECORDS_A_ROUND, nowS)) {
    const work = () => (row.status === 'invalid' ? endFreeze(deps, row) : takeForward(deps, row, nowS))
    if (!(await attempt(stuck, row, work))) return false
  }
  return true
}

async function takeForward(deps: Deps, row: RecordRow, nowS: number): Promise<void> {
  const name = { nodeId: row.nodeId as Hex, lane: row.lane as Hex, epoch: Number(row.epoch) }
  const subject = `${row.nodeId}:${row.lane}:${row.epoch}:${row.version}`
  let reportedTx: string | null = null
  let finalTx: string | null = null
  let standing = await deps.chain.confirmed.standingOf(name)
  if (isToReport(row, standing)) {
    const input = {
      record: { value: decodeStruct('PerformanceRecord', row.record), signature: row.laneSignature as Hex },
      nodeSignature: row.nodeSignature as Hex | null,
    }
    const sent = await sendRecorded(deps.transactions, { purpose: 'record', subject }, () =>
      deps.chain.reportRecord(input),
    )
    reportedTx = sent.txHash
    standing = await deps.chain.confirmed.standingOf(name)
  } else if (isToFinalise(row, standing, nowS)) {
    const sent = await sendRecorded(deps.transactions, { purpose: 'record_final', subject }, () =>
      deps.chain.finaliseRecord(name),
    )
    finalTx = sent.txHash
    standing = await deps.chain.confirmed.standingOf(name)
  }
  await store(deps, row, nowS, standing, { ...(reportedTx && { reportedTx }), ...(finalTx && { finalTx }) })
}

/** The first version on an empty place, or the next one after an invalid record. */
function isToReport(row: RecordRow, standing: StandingOnChain | null): boolean {
  if (standing === null) return row.version === 0
  return standing.status === 'invalid' && row.version === standing.version + 1
}

/** A challenge that nobody judged in time ends by the same call. */
function isToFinalise(row: RecordRow, standing: StandingOnChain | null, nowS: number): boolean {
  if (standing?.version !== row.version) return false
  const endsAtS = standing.status === 'challenged' ? standing.rulingEndsAtS : standing.finalAtS
  return (standing.status === 'reported' || standing.status === 'challenged') && endsAtS <= nowS
}

async function store(
  deps: Deps,
  row: RecordRow,
  nowS: number,
  standing: StandingOnChain | null,
  txs: { reportedTx?: string; finalTx?: string },
): Promise<void> {
  const { nodeId, lane, epoch, version } = row
  const key = { nodeId, lane, epoch, version }
  if (standing === null || standing.version < version) return
  // Only an invalid record is followed by another version.
  const status = standing.version > version ? 'invalid' : standing.status
  if (standing.version === version && standing.countsRoot !== row.countsRoot.toLowerCase()) {
    throw new AppError('state_conflict', {
      publicMessage: `The ledger holds another record of node ${nodeId} in epoch ${epoch} than the one that its lane published: ${standing.countsRoot}.`,
    })
  }
  // Invalid: no earlier than the freeze that the verdict began ends. Replaced by another version: nothing is waited for.
  const endsAtS = status === 'invalid' ? nowS + deps.chain.freezeS + 1 : standing.finalAtS
  const finalAtS = standing.version === version ? BigInt(endsAtS) : null
  await deps.records.setStanding(key, [row.status, ...statusesBefore(status)], {
    status,
    finalAtS,
    ...(standing.version === version && challengeIn(standing)),
    ...txs,
  })
}

/** Kept when the challenge is over. */
function challengeIn({ status, rulingEndsAtS, challengeBond }: StandingOnChain) {
  if (status !== 'challenged') return {}
  return { rulingEndsAtS: BigInt(rulingEndsAtS), challengeBondMicroUsd: storedMicroUsd(challengeBond) }
}

/** Anyone may end a freeze that is over; without it the rest of the epoch would stay with the contract. */
async function endFreeze(deps: Deps, row: RecordRow): Promise<void> {
  const { nodeId, lane, epoch, version } = row
  const name = { nodeId: nodeId as Hex, lane: lane as Hex, epoch: Number(epoch) }
  const subject = `${nodeId}:${lane}:${epoch}:${version}`
  await sendRecorded(deps.transactions, { purpose: 'freeze_end', subject }, () => deps.chain.releaseInvalid(name))
  await deps.records.setStanding({ nodeId, lane, epoch, version }, ['invalid'], { status: 'invalid', finalAtS: null })
}
