/**
 * A record that was found invalid freezes what its node earned until a corrected version is final. So the lane is asked to
 * sign one, from the receipts of its epoch alone; settlement reports it as soon as it is stored.
 *
 * Asked again until it is here. A lane that has it signed already says the same again; a lane of another operator, or one
 * that is away, leaves the freeze to end by itself.
 */
import { toAppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { RecordName } from '../ports/chain-port.ts'
import type { RecordKey } from '../ports/epoch-store.ts'
import type { Stuck } from './settlement-deps.ts'

export interface CorrectDeps {
  records: {
    /** Invalid versions below `versionMax` that freeze something and that no later one follows, in no order. */
    withoutSuccessor(versionMax: number, limit: number): Promise<RecordKey[]>
  }
  gateways: {
    /**
     * Has the lane sign this version anew.
     *
     * @throws AppError when no gateway is of that lane, or it does not answer.
     */
    correctRecord(record: RecordName & { version: number }): Promise<void>
  }
}

const RECORDS_A_ROUND = 20
/** Who goes on signing what an auditor calls false is not asked for ever. */
const VERSION_MAX = 5

export async function correctRecords({ records, gateways }: CorrectDeps): Promise<{ asked: number; stuck: Stuck[] }> {
  const stuck: Stuck[] = []
  let asked = 0
  for (const { nodeId, lane, epoch, version } of await records.withoutSuccessor(VERSION_MAX, RECORDS_A_ROUND)) {
    try {
      const record = { nodeId: nodeId as Hex, lane: lane as Hex, epoch: Number(epoch) }
      await gateways.correctRecord({ ...record, version: version + 1 })
      asked += 1
    } catch (error) {
      stuck.push({ lane, epoch, reason: toAppError(error).publicMessage })
    }
  }
  return { asked, stuck }
}
