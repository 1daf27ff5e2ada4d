/**
 * Whether the file that a lane anchored can be had, as anybody would ask for it: of the lane's gateway, and of the nodes that
 * give out their copies. Whoever gives it out is believed for its bytes alone, by their hash.
 */
import { createReadStream } from 'node:fs'
import { anchorOf, disputeBonds, fileWithheld, withheldDisputeOf, type ChainWriter } from '@isochrone/contracts-client'
import { toAppError } from '@isochrone/domain'
import { bytesToHex, createKeccakStream, keccak256, type Hex } from '@isochrone/protocol'
import type { FileLook, FileWatch } from '@isochrone/services'
import { fetchEpochFile } from '@isochrone/verifier'
import { moneyForBond } from './money-for-bond.ts'

export interface FileWatchOptions {
  gatewayUrls: readonly string[]
  /** Nodes that give out their copies. */
  mirrorUrls: readonly string[]
  /** Half of the time to file when left out, s. */
  withheldAfterS?: number
  /** Where the gateway of a lane answers, as it told the marketplace; null when it told nobody. */
  laneUrl(lane: Hex): Promise<string | null>
  /** Keeps what a dispute names by its hash. */
  saveEvidence(hash: Hex, text: string): Promise<void>
}

/** Larger than any file of an honest gateway by far; a node's copy must not fill our disk. */
const FILE_BYTES_MAX = 2 ** 28
const FETCH_MS_MAX = 60_000

export function fileWatch(writer: ChainWriter, options: FileWatchOptions): FileWatch {
  const { fileS } = writer.deployment.params
  return {
    fileS,
    withheldAfterS: options.withheldAfterS ?? Math.ceil(fileS / 2),
    anchoredAtS: async (lane, epoch) => (await anchorOf(writer, lane, epoch))?.anchoredAtS ?? null,
    look: (lane, epoch, dataHash) => look(options, lane, epoch, dataHash),
    disputeAbout: (lane, epoch) => withheldDisputeOf(writer, lane, epoch),
    async dispute(lane, epoch, evidence) {
      const evidenceHash = bytesToHex(keccak256(new TextEncoder().encode(evidence)))
      await options.saveEvidence(evidenceHash, evidence)
      await moneyForBond(writer, (await disputeBonds(writer)).file)
      const { receipt } = await fileWithheld(writer, { lane, epoch, evidenceHash })
      return { txHash: receipt?.transactionHash ?? null }
    },
  }
}

async function look(options: FileWatchOptions, lane: Hex, epoch: number, dataHash: Hex): Promise<FileLook> {
  const own = await options.laneUrl(lane)
  const sources = new Set([...(own === null ? [] : [own]), ...options.gatewayUrls, ...options.mirrorUrls])
  const said: string[] = []
  let tooLarge: unknown
  for (const source of sources) {
    try {
      const file = await fetchEpochFile(source, epoch, { lane, fileBytesMax: FILE_BYTES_MAX, totalMsMax: FETCH_MS_MAX })
      try {
        if ((await hashOf(file.path)) === dataHash) return { isThere: true, isAddressKnown: true, said: [] }
        said.push(`${source} gives out another file`)
      } finally {
        await file.remove()
      }
    } catch (error) {
      const { code, publicMessage } = toAppError(error)
      if (code === 'payload_too_large') tooLarge ??= error
      said.push(publicMessage.replace(/\.$/, ''))
    }
  }
  // What is too large for us may be the file all the same: nobody is accused of it.
  if (tooLarge !== undefined) throw tooLarge
  return { isThere: false, isAddressKnown: own !== null, said }
}

async function hashOf(path: string): Promise<Hex> {
  const hash = await createKeccakStream()
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(chunk)
  return hash.digest()
}
