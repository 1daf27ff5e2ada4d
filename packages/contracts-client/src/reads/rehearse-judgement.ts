/**
 * What a vote on a challenged record would do on the chain as it is now, followed to its end: where nobody voted alike yet, a
 * colleague does, and the ledger carries it out in that vote.
 */
import type { DisputeAction } from '@isochrone/protocol'
import { decodeFunctionResult, encodeFunctionData, zeroHash, type Address, type Hex } from 'viem'

import { recordPanelsAbi } from '../abi/record-panels.ts'
import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import type { ChainReader } from '../chain-client.ts'
import { disputeCalls } from './dispute-calls.ts'
import { recordCaseOf, type OpenRecordCase } from './record-case-of.ts'
import { recordArgs } from './record-key.ts'
import {
  rehearseBlocks,
  stakeGauge,
  walletGauge,
  type Block,
  type DisputeRehearsal,
  type Gauge,
} from './rehearse-blocks.ts'
import { standingOf } from './standing-of.ts'
import { treasuryOf } from './treasury-of.ts'

type Judgement = Extract<DisputeAction, { action: 'judge' }>

/** @throws AppError `chain_unavailable` where the endpoint does not answer, or cannot simulate. */
export async function rehearseJudgement(
  reader: ChainReader,
  from: Address,
  step: Judgement,
): Promise<DisputeRehearsal> {
  const { number } = await reader.publicClient.getBlock()
  const { open } = await recordCaseOf(reader, step)
  const calls = (await disputeCalls(reader, from, step)).map((call) => ({ ...call, from }))
  const blocks: Block[] = [{ timeS: null, calls }]
  const colleague = open && colleagueOf(open, from, step.upheld)
  if (colleague) {
    const args = [...recordArgs(step), step.upheld, zeroHash] as const
    const data = encodeFunctionData({ abi: recordPanelsAbi, functionName: 'rule', args })
    const label = 'If another arbiter of the panel votes alike'
    blocks.push({ timeS: null, calls: [{ label, from: colleague, to: reader.deployment.addresses.panels, data }] })
  }
  return rehearseBlocks(reader, { number, blocks, gauges: await gaugesOf(reader, step, open) })
}

/** Null where one has voted alike already, and this vote decides; or where nobody else is left to. */
function colleagueOf({ panel }: OpenRecordCase, from: Address, upheld: boolean): Address | null {
  if (panel.some(({ vote }) => vote?.upheld === upheld)) return null
  const other = panel.find(({ address, vote }) => vote === null && address.toLowerCase() !== from.toLowerCase())
  return other?.address ?? null
}

async function gaugesOf(reader: ChainReader, step: Judgement, open: OpenRecordCase | null): Promise<Gauge[]> {
  const { ledger } = reader.deployment.addresses
  const standing = await standingOf(reader, step)
  return [
    ...(open ? [walletGauge(reader, 'challenger’s wallet', open.challenger)] : []),
    walletGauge(reader, 'treasury', await treasuryOf(reader, 'ledger')),
    stakeGauge(reader, 'lane’s stake', step.lane),
    walletGauge(reader, 'bonds held', ledger),
    ...(standing ? [frozenGauge(ledger, [standing.providerId, step.lane, BigInt(step.epoch)])] : []),
  ]
}

function frozenGauge(to: Address, args: readonly [Hex, Hex, bigint]): Gauge {
  return {
    holder: 'provider’s pay of the epoch that is frozen',
    to,
    data: encodeFunctionData({ abi: slaLedgerAbi, functionName: 'releaseOf', args }),
    read: (data) => decodeFunctionResult({ abi: slaLedgerAbi, functionName: 'releaseOf', data })[1],
  }
}
