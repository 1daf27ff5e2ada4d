/**
 * The watchtower over epoch files: one that neither its gateway nor a node with a copy gives out for long enough is disputed as
 * withheld, with a bond, before the time to file is over. Without its file an epoch's records and receipts are anybody's word.
 *
 * What waits is kept in memory and read from the chain's events after a start, when the time without a file begins anew; the
 * chain is asked before anything is filed, so that one dispute for each file is all there ever is, whoever filed it.
 */
import { AppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { TransactionLog } from '../ports/chain-port.ts'
import type { FileLook, FileWatch } from '../ports/trust-port.ts'
import { doEach, type DutyRound } from './duty-round.ts'
import { sendRecorded } from './send-recorded.ts'

export interface FileWatchDeps {
  files: FileWatch
  transactions: TransactionLog
}

interface AnchoredFile {
  lane: Hex
  epoch: number
  dataHash: Hex
  /** Chain time, s; null until it was asked for. */
  anchoredAtS: number | null
  /** Chain time, s, before which nobody is asked. */
  notBeforeS: number
  /** Chain time, s, from which nobody had it, look after look; null while it was not missed. */
  missedSinceS: number | null
  misses: number
}

/** Each may be a file to fetch, and slow. */
const LOOKS_A_ROUND = 4
/** One call each. */
const DATED_A_ROUND = 200
/** A gateway that restarts has not withheld anything. */
const MISSES_MIN = 5
/** Looks while a file is missed: so many in the time after which it is disputed. */
const LOOKS_WHILE_MISSED = 8
/** Beyond it the oldest are forgotten: a month of hourly epochs of more than ten lanes. */
const FILES_MAX = 10_000

export function createFileWatch({ files, transactions }: FileWatchDeps) {
  const { fileS, withheldAfterS } = files
  /** In the order in which they were anchored. */
  const waiting = new Map<string, AnchoredFile>()
  /** Seen, disputed or too late: blocks are read again. */
  const over = new Set<string>()

  function note(lane: Hex, epoch: number, dataHash: Hex): void {
    const name = nameOf(lane, epoch)
    if (over.has(name)) return
    const before = waiting.get(name)
    // After a reorganisation another anchor may stand.
    if (before?.dataHash === dataHash) return
    const fresh = { anchoredAtS: null, notBeforeS: 0, missedSinceS: null, misses: 0 }
    waiting.set(name, { lane, epoch, dataHash, ...fresh })
    const [oldest] = waiting.keys()
    if (waiting.size > FILES_MAX && oldest !== undefined) waiting.delete(oldest)
  }

  /** Somebody has read a file: no need to ask again if it is the anchored one. */
  function seen(lane: Hex, epoch: number, dataHash: Hex): void {
    const name = nameOf(lane, epoch)
    if (waiting.get(name)?.dataHash === dataHash) end(name)
  }

  function end(name: string): void {
    waiting.delete(name)
    over.add(name)
    const [oldest] = over
    if (over.size > 2 * FILES_MAX && oldest !== undefined) over.delete(oldest)
  }

  /** `done`: how many were disputed. */
  async function round(nowS: number): Promise<DutyRound> {
    await dateNewest(nowS)
    const due = [...waiting].filter(([, { anchoredAtS, notBeforeS }]) => anchoredAtS !== null && notBeforeS <= nowS)
    // Whoever waits longest first: a slow file holds up no other for good.
    const inOrder = due.toSorted(([, a], [, b]) => a.notBeforeS - b.notBeforeS)
    return doEach(
      inOrder.slice(0, LOOKS_A_ROUND),
      ([name]) => name,
      ([name, file]) => look(name, file, nowS),
    )
  }

  /** When they were anchored, the newest first: before one whose time is over, all others' is too. */
  async function dateNewest(nowS: number): Promise<void> {
    const undated = [...waiting].filter(([, { anchoredAtS }]) => anchoredAtS === null).toReversed()
    for (const [index, [name, file]] of undated.slice(0, DATED_A_ROUND).entries()) {
      const anchoredAtS = await files.anchoredAtS(file.lane, file.epoch)
      if (anchoredAtS === null) waiting.delete(name)
      else if (anchoredAtS + fileS <= nowS) {
        for (const [older] of undated.slice(index)) end(older)
        return
      } else {
        file.anchoredAtS = anchoredAtS
        // By then whoever audits its records has mostly read it.
        file.notBeforeS = anchoredAtS + Math.ceil(withheldAfterS / LOOKS_WHILE_MISSED)
      }
    }
  }

  /** Whether a dispute was filed. */
  async function look(name: string, file: AnchoredFile, nowS: number): Promise<boolean> {
    const { lane, epoch, dataHash } = file
    const endsAtS = (file.anchoredAtS ?? 0) + fileS
    if (endsAtS <= nowS) {
      end(name)
      return false
    }
    file.notBeforeS = nowS + Math.ceil(withheldAfterS / LOOKS_WHILE_MISSED)
    const found = await files.look(lane, epoch, dataHash)
    if (found.isThere) {
      end(name)
      return false
    }
    file.missedSinceS ??= nowS
    file.misses += 1
    const isLongEnough = nowS - file.missedSinceS >= withheldAfterS || endsAtS - nowS <= fileS / 8
    const isDue = found.isAddressKnown && isLongEnough && file.misses >= MISSES_MIN
    if (!isDue) throw missing(file, found)
    if ((await files.disputeAbout(lane, epoch)) === null) {
      const send = () => files.dispute(lane, epoch, evidenceOf(file, found, nowS))
      await sendRecorded(transactions, { purpose: 'withheld', subject: name }, send)
      end(name)
      return true
    }
    end(name)
    return false
  }

  return { note, seen, round }
}

const nameOf = (lane: Hex, epoch: number): string => `${lane}:${epoch}`

function missing({ lane, epoch }: AnchoredFile, { said, isAddressKnown }: FileLook): AppError {
  const why = said.length > 0 ? `: ${said.join('; ')}` : ''
  const then = isAddressKnown ? 'It is disputed as withheld if it stays so' : 'Its gateway has told nobody its address'
  const publicMessage = `Nobody has the anchored file of epoch ${epoch} of lane ${lane}${why}. ${then}.`
  return new AppError('capacity_unavailable', { publicMessage })
}

/** For whoever rules on it. */
function evidenceOf(file: AnchoredFile, { said }: FileLook, nowS: number): string {
  const at = (timeS: number): string => new Date(timeS * 1_000).toISOString()
  const { lane, epoch, dataHash, anchoredAtS, missedSinceS, misses } = file
  return [
    `Lane ${lane} anchored epoch ${epoch} at ${at(anchoredAtS ?? 0)}, with a file whose Keccak-256 is ${dataHash}.`,
    `That file was asked for ${misses} times from ${at(missedSinceS ?? nowS)} to ${at(nowS)}, and nobody gave it out. The last time:`,
    ...said.map((line) => `- ${line}`),
    '',
  ].join('\n')
}
