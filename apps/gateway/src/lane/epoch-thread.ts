/** The thread that writes an epoch: takes a plan, answers once, ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { invariant } from '@isochrone/domain'
import type { EpochOutcome } from './run-epoch-thread.ts'
import { writeEpoch, type EpochPlan } from './write-epoch.ts'

const port = parentPort
invariant(port, 'this file runs as a thread')
const answer = (outcome: EpochOutcome) => port.postMessage(outcome)

writeEpoch(workerData as EpochPlan).then(
  (written) => answer({ written }),
  (error: unknown) => answer({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
)
