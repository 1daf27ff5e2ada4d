/**
 * What a job's row remembers of its placements: the last decision, the nodes that failed it, and each try with its end, for
 * the next decision and for people. Bounded: the oldest tries are forgotten.
 */
import type { JobStatus } from '@isochrone/domain'
import { z } from 'zod'

const TRIES_MAX = 32
const FAILED_NODES_MAX = 8
const MESSAGE_LENGTH_MAX = 300

const jobTry = z.object({
  attempt: z.int(),
  /** bytes32 */
  nodeId: z.string(),
  atMs: z.number(),
  /** Null while it runs, and where nothing came back. */
  endedAtMs: z.number().nullable(),
  outcome: z.enum(['running', 'answered', 'failed', 'refused', 'lost']),
  message: z.string().nullable(),
})
/** One dispatch of a job: `refused` for want of a place, `lost` where the gateway gave no answer. */
export type JobTry = z.infer<typeof jobTry>

const memory = z.object({
  record: z.unknown(),
  failedNodeIds: z.array(z.string()).catch([]),
  tries: z.array(jobTry).catch([]),
})
export type PlacementMemory = z.infer<typeof memory>

export function placementMemoryOf(stored: unknown): PlacementMemory {
  return memory.safeParse(stored ?? {}).data ?? { record: null, failedNodeIds: [], tries: [] }
}

/** Nodes that failed this job lately; the oldest are forgiven, so that a small fleet is not used up. */
export function failedNodesOf(stored: unknown): string[] {
  return placementMemoryOf(stored).failedNodeIds.slice(-2)
}

export function withTry(
  before: PlacementMemory,
  record: unknown,
  begun: Omit<JobTry, 'endedAtMs' | 'outcome' | 'message'>,
): PlacementMemory {
  const running: JobTry = { ...begun, endedAtMs: null, outcome: 'running', message: null }
  return { ...before, record, tries: [...before.tries, running].slice(-TRIES_MAX) }
}

/** A try that was refused for the same reason as the one before it is not told twice. */
export function withEnd(
  before: PlacementMemory,
  end: { outcome: JobTry['outcome']; message: string | null; atMs: number },
): PlacementMemory {
  const tries = [...before.tries]
  const last = tries.pop()
  if (!last) return before
  const message = end.message?.slice(0, MESSAGE_LENGTH_MAX) ?? null
  const ended: JobTry = { ...last, endedAtMs: end.atMs, outcome: end.outcome, message }
  const earlier = tries.at(-1)
  const isRepeated =
    end.outcome !== 'failed' &&
    earlier?.outcome === end.outcome &&
    earlier.nodeId === last.nodeId &&
    earlier.message === message
  if (isRepeated) tries.pop()
  const failedNodeIds = end.outcome === 'failed' ? [...before.failedNodeIds, last.nodeId] : before.failedNodeIds
  return { ...before, failedNodeIds: failedNodeIds.slice(-FAILED_NODES_MAX), tries: [...tries, ended] }
}

/** A job that is over ends its last try: the answer may have come by the journal, past whoever dispatched it. */
export function endedWithJob(
  memory: PlacementMemory,
  job: { status: JobStatus; finishedAt: Date | null; error: string | null },
): PlacementMemory {
  if (job.finishedAt === null || memory.tries.at(-1)?.outcome !== 'running') return memory
  const outcome = job.status === 'succeeded' ? 'answered' : job.status === 'failed' ? 'failed' : 'lost'
  return withEnd(memory, { outcome, message: job.error, atMs: job.finishedAt.getTime() })
}
