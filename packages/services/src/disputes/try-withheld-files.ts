/**
 * The worker's round that gives cases of withheld files their evidence: once in each step of an open dispute everybody who may
 * have the file is asked for it, and what each said is stored. A step that was tried is not tried again, and a stored try stays.
 */
import type { DisputeState } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import { doEach, type DutyRound } from '../chain/duty-round.ts'
import type { FileTryRow } from '../ports/dispute-store.ts'
import type { FileTries } from '../ports/trust-port.ts'

/** Each asks several addresses, and one may drip. */
const DISPUTES_A_ROUND = 1

export interface TryFilesDeps {
  disputes: {
    /** Open disputes about withheld files whose present step nobody has tried, nearest deadline first. */
    untriedWithheld(limit: number): Promise<{ id: bigint; state: DisputeState; lane: string; epoch: bigint }[]>
    /** What is stored already stays as it is. */
    saveFileTries(rows: readonly FileTryRow[]): Promise<void>
  }
  files: FileTries
}

/** `done`: how many disputes were looked into. */
export async function tryWithheldFiles({ disputes, files }: TryFilesDeps): Promise<DutyRound> {
  const due = await disputes.untriedWithheld(DISPUTES_A_ROUND)
  return doEach(
    due,
    ({ id }) => String(id),
    async ({ id, state, lane, epoch }) => {
      const dataHash = await files.dataHashOf(lane as Hex, Number(epoch))
      const tries = await files.tryAll(lane as Hex, Number(epoch))
      await disputes.saveFileTries(
        tries.map(({ triedAtMs, ...said }) => ({
          ...said,
          disputeId: id,
          lane,
          epoch,
          step: state,
          dataHash,
          triedAt: new Date(triedAtMs),
        })),
      )
      return tries.length > 0
    },
  )
}
