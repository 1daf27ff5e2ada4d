/**
 * Whether the file that a lane anchored can be had, as anybody would ask for it: of the lane's gateway, and of the nodes that
 * give out their copies. Whoever gives it out is believed for its bytes alone, by their hash.
 */
import { createReadStream } from 'node:fs'
import {
  anchorEventOf,
  anchorOf,
  disputeBonds,
  fileWithheld,
  withheldDisputeOf,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { toAppError } from '@isochrone/domain'
import { bytesToHex, createKeccakStream, keccak256, type Hex } from '@isochrone/protocol'
import type { FileLook, FileTries, FileTry, FileWatch } from '@isochrone/services'
import { fetchEpochFile } from '@isochrone/verifier'
import { holdMoney } from './platform-money.ts'

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

/**
 * What a file may have, by the leaves that were anchored with it: a delivery and its work take about 380 bytes of a file. Whoever
 * gives out more gives out something else, however much of it: else a lane would escape by giving out junk without end.
 */
const BYTES_FOR_ANY = 2 ** 20
const BYTES_A_LEAF = 2 ** 10
/** A lane can anchor any count: what is fetched must not fill our disk. Some ten million receipts in one epoch. */
const FILE_BYTES_MAX = 2 ** 32
const FETCH_MS_MAX = 60_000
/** Addresses that are asked for one case. */
const TRIED_MAX = 8

export function fileWatch(writer: ChainWriter, options: FileWatchOptions): FileWatch & FileTries {
  const { fileS } = writer.deployment.params
  return {
    fileS,
    withheldAfterS: options.withheldAfterS ?? Math.ceil(fileS / 2),
    anchoredAtS: async (lane, epoch) => (await anchorOf(writer, lane, epoch))?.anchoredAtS ?? null,
    dataHashOf: async (lane, epoch) => (await anchorEventOf(writer, lane, epoch))?.dataHash ?? null,
    tryAll: async (lane, epoch) => tryAll(options, lane, epoch, await bytesMaxOf(writer, lane, epoch)),
    async look(lane, epoch, dataHash) {
      return look(options, { lane, epoch, dataHash, fileBytesMax: await bytesMaxOf(writer, lane, epoch) })
    },
    disputeAbout: (lane, epoch) => withheldDisputeOf(writer, lane, epoch),
    async dispute(lane, epoch, evidence) {
      const evidenceHash = bytesToHex(keccak256(new TextEncoder().encode(evidence)))
      await options.saveEvidence(evidenceHash, evidence)
      await holdMoney(writer, (await disputeBonds(writer)).file)
      const { receipt } = await fileWithheld(writer, { lane, epoch, evidenceHash })
      return { txHash: receipt?.transactionHash ?? null }
    },
  }
}

async function bytesMaxOf(writer: ChainWriter, lane: Hex, epoch: number): Promise<number> {
  const leaves = (await anchorOf(writer, lane, epoch))?.count ?? 0
  return Math.min(FILE_BYTES_MAX, BYTES_FOR_ANY + BYTES_A_LEAF * leaves)
}

interface AnchoredFile {
  lane: Hex
  epoch: number
  dataHash: Hex
  fileBytesMax: number
}

async function look(options: FileWatchOptions, file: AnchoredFile): Promise<FileLook> {
  const { lane, epoch, dataHash, fileBytesMax } = file
  const sources = await sourcesOf(options, lane)
  const said: string[] = []
  for (const source of sources) {
    const asked = await ask(source, lane, epoch, fileBytesMax)
    if (asked.fileHash === dataHash) return { isThere: true, isAddressKnown: true, said: [] }
    if (asked.tooLarge) said.push(`${source.url} gives out another file, larger than ${fileBytesMax} bytes`)
    else said.push(asked.said?.replace(/\.$/, '') ?? `${source.url} gives out another file`)
  }
  return { isThere: false, isAddressKnown: sources.some(({ by }) => by === 'lane'), said }
}

async function tryAll(options: FileWatchOptions, lane: Hex, epoch: number, fileBytesMax: number): Promise<FileTry[]> {
  const tries: FileTry[] = []
  for (const source of (await sourcesOf(options, lane)).slice(0, TRIED_MAX)) {
    tries.push(await ask(source, lane, epoch, fileBytesMax))
  }
  return tries
}

interface Source {
  url: string
  by: FileTry['by']
}

/** The lane's own first. Nobody else is ever asked. */
async function sourcesOf(options: FileWatchOptions, lane: Hex): Promise<Source[]> {
  const { gatewayUrls, mirrorUrls } = options
  const own = await options.laneUrl(lane)
  const all: Source[] = [
    ...(own === null ? [] : [{ url: own, by: 'lane' as const }]),
    ...gatewayUrls.map((url) => ({ url, by: 'gateway' as const })),
    ...mirrorUrls.map((url) => ({ url, by: 'node' as const })),
  ]
  return all.filter(({ url }, index) => all.findIndex((other) => other.url === url) === index)
}

async function ask({ url, by }: Source, lane: Hex, epoch: number, fileBytesMax: number): Promise<FileTry> {
  const asked = { source: url, by, triedAtMs: Date.now() }
  try {
    const file = await fetchEpochFile(url, epoch, { lane, fileBytesMax, totalMsMax: FETCH_MS_MAX })
    try {
      const { httpStatus, bytes } = file
      const fileHash = await hashOf(file.path)
      return { ...asked, httpStatus, bytes: BigInt(bytes), fileHash, tooLarge: false, said: null }
    } finally {
      await file.remove()
    }
  } catch (error) {
    const { code, publicMessage: said, details } = toAppError(error)
    const httpStatus = typeof details.httpStatus === 'number' ? details.httpStatus : null
    const tooLarge = code === 'payload_too_large'
    return { ...asked, httpStatus, bytes: null, fileHash: null, tooLarge, said }
  }
}

async function hashOf(path: string): Promise<Hex> {
  const hash = await createKeccakStream()
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(chunk)
  return hash.digest()
}
