/**
 * Reported records against the public files of their epochs: fetched from whichever gateway or node has them, held against the
 * anchored root, recomputed, and accused where they are wrong. What such a file contradicts by itself is found on the way.
 *
 * The file is taken from the same place as anybody's: what the platform's own database says counts for nothing here. One
 * that is not the anchored one is no evidence about records, and nobody's is accused on it; contradictions are proven by signatures alone.
 */
import { createReadStream } from 'node:fs'
import {
  anchorOf,
  challengeRecord,
  proveRecordContradiction,
  standingOf,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { toAppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { FoundContradiction, JudgedRecord, RecordAudit, RecordName } from '@isochrone/services'
import {
  fetchEpochFile,
  findContradictions,
  judgeRecord,
  nameOfContradiction,
  proveContradiction,
  readEpochHeader,
  recomputeEpoch,
  type Contradiction,
  type RecomputedEpoch,
} from '@isochrone/verifier'

/** Four times what a full epoch takes, compressed and not: a lane must not keep us busy with its files. */
const FILE_BYTES_MAX = 2 ** 27
const INFLATED_BYTES_MAX = 2 ** 30
/** One that drips must not hold up the other rounds. */
const FETCH_MS_MAX = 120_000
/** Four times the deliveries and outputs of a full epoch: about 200 MB while the file is read. */
const NAMES_MAX = 2 ** 19

/** @param sources gateways, and nodes that give out their copies. */
export function recordAudit(writer: ChainWriter, sources: readonly string[]): RecordAudit {
  const bond = BigInt(writer.deployment.params.challengeBondMicroUsd)
  return {
    async openVersionOf(record) {
      const standing = await standingOf(writer, record)
      return standing?.status === 'reported' ? standing.version : null
    },
    async judge(lane, epoch, nodeIds) {
      const { contradictions, recomputed, said, unread } = await readFrom(writer, sources, lane, epoch)
      const missing = `Nobody has the anchored file of epoch ${epoch} of lane ${lane}: ${said.join('; ')}`
      return {
        contradictions: contradictions.map((found) => accusationOf(writer, found)),
        records: recomputed && (await judgeRecords(recomputed, lane, epoch, nodeIds)),
        dataHash: recomputed && recomputed.dataHash,
        reason: recomputed ? unread : missing,
      }
    },
  }

  async function judgeRecords(recomputed: RecomputedEpoch, lane: Hex, epoch: number, nodeIds: readonly Hex[]) {
    const judged: JudgedRecord[] = []
    for (const nodeId of nodeIds) {
      const record = { nodeId, lane, epoch }
      const standing = await standingOf(writer, record)
      if (standing?.status !== 'reported') continue
      const { version, recordHash } = standing
      const verdict = judgeRecord({ nodeId, version, recordHash }, recomputed)
      const accuse = async () => {
        if (verdict.kind === 'right') return { txHash: null }
        const { receipt } =
          verdict.kind === 'contradicted'
            ? await proveRecordContradiction(writer, verdict.other)
            : await challengeRecord(writer, { ...record, bond, evidenceHash: recomputed.dataHash })
        return { txHash: receipt?.transactionHash ?? null }
      }
      judged.push({ nodeId, verdict: verdict.kind, accuse })
    }
    return judged
  }
}

function accusationOf(writer: ChainWriter, found: Contradiction): FoundContradiction {
  return {
    name: nameOfContradiction(found),
    accuse: async () => {
      const { receipt } = await proveContradiction(writer, found)
      return { txHash: receipt?.transactionHash ?? null }
    },
  }
}

interface ReadEpoch {
  /** Of every file that was given out for this epoch of this lane. */
  contradictions: Contradiction[]
  /** Null where none is the anchored one; then `said` has what each that was asked said. */
  recomputed: RecomputedEpoch | null
  said: string[]
  /** Why a file was not looked through for contradictions. */
  unread: string | null
}

async function readFrom(writer: ChainWriter, sources: readonly string[], lane: Hex, epoch: number): Promise<ReadEpoch> {
  const anchored = await anchorOf(writer, lane, epoch)
  const read: ReadEpoch = { contradictions: [], recomputed: null, said: [], unread: null }
  for (const url of sources) {
    try {
      const recomputed = await recomputedAt(writer, url, { lane, epoch }, read)
      if (recomputed && recomputed.root === anchored?.root) return { ...read, recomputed }
      read.said.push(recomputed ? `${url} has a file of another root than the anchored one` : `${url} is another lane`)
    } catch (error) {
      const { code, publicMessage } = toAppError(error)
      if (code === 'chain_unavailable') throw error
      read.said.push(publicMessage)
    }
  }
  return read
}

/** Null where the gateway's epoch of that number is another lane's, or of other contracts. */
async function recomputedAt(
  { deployment }: ChainWriter,
  url: string,
  { lane, epoch }: Pick<RecordName, 'lane' | 'epoch'>,
  read: ReadEpoch,
): Promise<RecomputedEpoch | null> {
  const { path, remove } = await fetchEpochFile(url, epoch, {
    lane,
    fileBytesMax: FILE_BYTES_MAX,
    totalMsMax: FETCH_MS_MAX,
  })
  try {
    const open = () => createReadStream(path) as AsyncIterable<Uint8Array>
    const header = await readEpochHeader(open)
    const { channels, ledger } = deployment.addresses
    const isOurs =
      header.chainId === deployment.chainId &&
      header.slaLedger === ledger.toLowerCase() &&
      header.paymentChannels === channels.toLowerCase()
    if (!isOurs || header.lane !== lane || header.epoch !== epoch) return null
    // First: a file that contradicts itself may not be whole.
    const limits = { inflatedBytesMax: INFLATED_BYTES_MAX, namesMax: NAMES_MAX }
    try {
      read.contradictions.push(...(await findContradictions([open], limits)))
    } catch (error) {
      read.unread = `${url} was not looked through for contradictions: ${toAppError(error).publicMessage}`
    }
    return await recomputeEpoch(open, limits)
  } finally {
    await remove()
  }
}
