/**
 * Reported records against the public files of their epochs: fetched from whichever gateway's lane it is, held against the
 * anchored root, recomputed, and accused where they are wrong.
 *
 * The file is taken from the same place as anybody's: what the platform's own database says counts for nothing here. One
 * that is not the anchored one is no evidence, and nobody is accused on it.
 */
import { createReadStream } from 'node:fs'
import {
  anchorOf,
  challengeRecord,
  proveRecordContradiction,
  standingOf,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { AppError, toAppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { JudgedRecord, RecordAudit, RecordName } from '@isochrone/services'
import { fetchEpochFile, judgeRecord, readEpochHeader, recomputeEpoch, type RecomputedEpoch } from '@isochrone/verifier'

/** Four times what a full epoch takes, compressed and not: a lane must not keep us busy with its files. */
const FILE_BYTES_MAX = 2 ** 27
const INFLATED_BYTES_MAX = 2 ** 30

export function recordAudit(writer: ChainWriter, gatewayUrls: readonly string[]): RecordAudit {
  const bond = BigInt(writer.deployment.params.challengeBondMicroUsd)
  return {
    async openVersionOf(record) {
      const standing = await standingOf(writer, record)
      return standing?.status === 'reported' ? standing.version : null
    },
    async judge(lane, epoch, nodeIds) {
      const recomputed = await recomputedFrom(writer, gatewayUrls, lane, epoch)
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
    },
  }
}

/** @throws AppError naming what each gateway said, when none has the anchored file. */
async function recomputedFrom(
  writer: ChainWriter,
  gatewayUrls: readonly string[],
  lane: Hex,
  epoch: number,
): Promise<RecomputedEpoch> {
  const anchored = await anchorOf(writer, lane, epoch)
  const said: string[] = []
  for (const url of gatewayUrls) {
    try {
      const recomputed = await recomputedAt(writer, url, { lane, epoch })
      if (recomputed && recomputed.root === anchored?.root) return recomputed
      said.push(recomputed ? `${url} has a file of another root than the anchored one` : `${url} is another lane`)
    } catch (error) {
      const { code, publicMessage } = toAppError(error)
      if (code === 'chain_unavailable') throw error
      said.push(publicMessage)
    }
  }
  throw new AppError('capacity_unavailable', {
    publicMessage: `No gateway has the anchored file of epoch ${epoch} of lane ${lane}: ${said.join('; ')}`,
  })
}

/** Null where the gateway's epoch of that number is another lane's, or of other contracts. */
async function recomputedAt(
  { deployment }: ChainWriter,
  url: string,
  { lane, epoch }: Pick<RecordName, 'lane' | 'epoch'>,
): Promise<RecomputedEpoch | null> {
  const { path, remove } = await fetchEpochFile(url, epoch, { fileBytesMax: FILE_BYTES_MAX })
  try {
    const open = () => createReadStream(path) as AsyncIterable<Uint8Array>
    const header = await readEpochHeader(open)
    const isOurs =
      header.chainId === deployment.chainId && header.slaLedger === deployment.addresses.ledger.toLowerCase()
    if (!isOurs || header.lane !== lane || header.epoch !== epoch) return null
    return await recomputeEpoch(open, { inflatedBytesMax: INFLATED_BYTES_MAX })
  } finally {
    await remove()
  }
}
