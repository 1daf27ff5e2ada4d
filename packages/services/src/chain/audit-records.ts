/**
 * The watchtower over performance records: each one that is reported is recomputed from the epoch's public file while it
 * can still be challenged, and a wrong one is accused. What the file contradicts by itself is proven as well.
 *
 * Nothing is remembered beyond the window: after a start what is still open is read from the chain's events and judged
 * once more, and a record that was accused already is open no longer. A file that is not there yet is asked for again.
 */
import { AppError, toAppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { RecordName, TransactionLog } from '../ports/chain-port.ts'
import type { FoundContradiction, RecordAudit } from '../ports/trust-port.ts'
import { doEach, type DutyRound } from './duty-round.ts'
import { sendRecorded } from './send-recorded.ts'

export interface RecordAuditsDeps {
  audit: RecordAudit
  transactions: TransactionLog
  /** Called when a file under an epoch's anchored root was read. */
  onFile?: (lane: Hex, epoch: number, dataHash: Hex) => void
}

interface ReportedRecord {
  record: RecordName
  version: number
  /** Chain time, s: no challenge is taken from then on. */
  finalAtS: number
  isJudged: boolean
  /** Chain time, s, before which it is not looked into again. */
  notBeforeS: number
  tries: number
}

/** Each is a file to fetch and read. */
const EPOCHS_A_ROUND = 4
/** After a file that was not there, or an accusation that was refused: twice as long each time, up to an hour. */
const RETRY_S = 30
const RETRIES_DOUBLED = 7
/** Before a window ends: time for a file to be read and a challenge to be mined. */
const LAST_LOOK_S = 300
/** Of one file: a lane cannot make us send without end. The rest is for `npm run challenge`. */
const CONTRADICTIONS_A_FILE = 20
/** Beyond it the oldest are forgotten: lanes with stake alone can report, and what they report is theirs to pay for. */
const RECORDS_MAX = 50_000

export function createRecordAudits({ audit, transactions, onFile }: RecordAuditsDeps) {
  const reported = new Map<string, ReportedRecord>()
  /** Names of contradictions, so that a file that is read again costs nothing. */
  const proven = new Set<string>()

  /** Blocks are read again: what was judged stays judged. A window that the node's signature shortens ends earlier. */
  function note(record: RecordName, version: number, finalAtS: number): void {
    const key = `${record.nodeId}:${record.lane}:${record.epoch}:${version}`
    const known = reported.get(key)
    if (known) {
      if (finalAtS < known.finalAtS) known.notBeforeS = Math.min(known.notBeforeS, finalAtS - LAST_LOOK_S)
      known.finalAtS = finalAtS
    } else reported.set(key, { record, version, finalAtS, isJudged: false, notBeforeS: 0, tries: 0 })
    const [oldest] = reported.keys()
    if (reported.size > RECORDS_MAX && oldest !== undefined) reported.delete(oldest)
  }

  /** `done`: how many were accused. */
  async function round(nowS: number): Promise<DutyRound> {
    for (const [key, { finalAtS }] of reported) if (finalAtS <= nowS) reported.delete(key)
    const waiting = [...reported.values()].filter(({ isJudged, notBeforeS }) => !isJudged && notBeforeS <= nowS)
    const epochs = [...Map.groupBy(waiting, ({ record }) => `${record.lane}:${record.epoch}`)]
    const whole: DutyRound = { done: 0, failed: [] }
    const judged = await doEach(epochs.slice(0, EPOCHS_A_ROUND), ([name]) => name, judgeEpoch)
    whole.failed.push(...judged.failed)
    return whole

    async function judgeEpoch([name, rows]: [string, ReportedRecord[]]): Promise<boolean> {
      // At the end, whatever comes of it: a lane without a file holds up no other.
      for (const row of rows) {
        const wait = RETRY_S * 2 ** Math.min(row.tries, RETRIES_DOUBLED)
        // However often it failed: it is looked at once more before nobody can challenge it any more.
        const lastLookS = row.finalAtS - LAST_LOOK_S
        row.notBeforeS = lastLookS > nowS ? Math.min(nowS + wait, lastLookS) : nowS + wait
        row.tries += 1
        moveToEnd(row)
      }
      const open: ReportedRecord[] = []
      for (const row of rows) {
        if ((await audit.openVersionOf(row.record)) === row.version) open.push(row)
        else row.isJudged = true
      }
      const [first] = open
      if (!first) return false
      const { lane, epoch } = first.record
      const byNode = new Map(open.map((row) => [row.record.nodeId, row]))
      const { contradictions, records, dataHash, reason } = await audit.judge(lane, epoch, [...byNode.keys()])
      if (dataHash !== null) onFile?.(lane, epoch, dataHash)
      const others = contradictions.filter((found) => !proven.has(found.name)).slice(0, CONTRADICTIONS_A_FILE)
      for (const found of others) if (await prove(found)) whole.done += 1
      for (const { nodeId, verdict, accuse } of records ?? []) {
        if (verdict !== 'right') {
          await sendRecorded(transactions, { purpose: 'challenge', subject: `${nodeId}:${name}` }, accuse)
          whole.done += 1
        }
        const row = byNode.get(nodeId)
        if (row) row.isJudged = true
      }
      if (reason !== null) throw new AppError('capacity_unavailable', { publicMessage: reason })
      return true
    }
  }

  /** Whether a transaction proved it. One that is refused is not tried again: the record of it says why. */
  async function prove({ name, accuse }: FoundContradiction): Promise<boolean> {
    try {
      const { txHash } = await sendRecorded(transactions, { purpose: 'contradiction', subject: name }, accuse)
      remember(name)
      return txHash !== null
    } catch (error) {
      if (toAppError(error).code !== 'state_conflict') throw error
      remember(name)
      return false
    }
  }

  function remember(name: string): void {
    proven.add(name)
    const [oldest] = proven
    if (proven.size > RECORDS_MAX && oldest !== undefined) proven.delete(oldest)
  }

  function moveToEnd(row: ReportedRecord): void {
    const { nodeId, lane, epoch } = row.record
    const key = `${nodeId}:${lane}:${epoch}:${row.version}`
    if (!reported.delete(key)) return
    reported.set(key, row)
  }

  return { note, round }
}
