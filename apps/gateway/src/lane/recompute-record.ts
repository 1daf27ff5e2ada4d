/**
 * A node's record of a closed epoch, computed again from the receipts in its file. The same file always gives the same
 * record: whatever version of it is signed, two signatures never contradict each other.
 */
import { createReadStream } from 'node:fs'
import {
  encodeStruct,
  parseEpochFileLine,
  readEpochFileText,
  termsHashOf,
  type Hex,
  type PerformanceRecord,
  type StructJson,
  type Terms,
} from '@isochrone/protocol'
import { createSlaEvaluator } from '@isochrone/verifier/sla'

export interface RecomputeInput {
  path: string
  lane: Hex
  epoch: number
  nodeId: Hex
}

/** Version 0 with its counts; null where the node has no receipt in the epoch. */
export async function recomputeRecord({
  path,
  lane,
  epoch,
  nodeId,
}: RecomputeInput): Promise<{ record: PerformanceRecord; counts: StructJson[] } | null> {
  const terms = new Map<Hex, Terms>()
  const sla = createSlaEvaluator({ lane, epoch, terms: (hash) => terms.get(hash), nodeId })
  for await (const batch of readEpochFileText(createReadStream(path))) {
    for (const { lineNumber, text } of batch) {
      // Most lines are other nodes' and need no parsing.
      if (!text.startsWith('{"kind":"terms"') && !text.includes(nodeId)) continue
      const line = parseEpochFileLine(lineNumber, text)
      if (line.kind === 'terms') terms.set(termsHashOf(line.terms), line.terms)
      if (line.kind === 'delivery' && line.delivery.value.nodeId === nodeId) sla.add(line.delivery.value)
      if (line.kind === 'lease' && line.lease.nodeId === nodeId) sla.addLease(line.lease)
    }
  }
  const [found] = sla.finish()
  return found ? { record: found.record, counts: found.counts.map((row) => encodeStruct('SlaCounts', row)) } : null
}
