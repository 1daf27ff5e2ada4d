/**
 * The order in which test files start: those that take long first, so that no worker is left alone with one at the end.
 *
 * Without results of an earlier run, as in a fresh clone, vitest goes by the size of a file; but what starts a whole world, or
 * runs a day of it, is short to write down. A wrong or missing entry costs a little time and nothing else.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Seconds on two quiet cores (2026-11-22), where they are more than ten and the size of the file does not tell. */
export const longFiles: Readonly<Record<string, number>> = {
  'apps/worker/src/simulated-day/simulated-day.integration.test.ts': 82,
  'packages/contracts-client/src/settlement-flow.integration.test.ts': 87,
  'apps/gateway/src/conformance/conformance.integration.test.ts': 58,
  'apps/worker/src/verification/cheats.integration.test.ts': 57,
  'apps/worker/src/leases/leases.integration.test.ts': 53,
  'packages/contracts-client/src/transactions/transaction-sender.integration.test.ts': 46,
  'tools/verify-epoch/verify-epoch.integration.test.ts': 40,
  'apps/gateway/src/gateway.integration.test.ts': 37,
  'apps/worker/src/watchtower.integration.test.ts': 30,
  'tools/start/start-errors.integration.test.ts': 26,
  'apps/worker/src/start-worker.integration.test.ts': 24,
  'apps/worker/src/verification/trust.integration.test.ts': 19,
  'apps/agent/src/process.integration.test.ts': 13,
  'apps/gateway/src/recount/recount.integration.test.ts': 11,
  'packages/contracts-client/src/receipt-proofs.integration.test.ts': 11,
  'tools/db/db.integration.test.ts': 11,
  'packages/verifier/src/verify-epoch/tampering.test.ts': 45,
  'apps/gateway/src/http/routing.test.ts': 28,
  'apps/agent/src/verification/matmul-helper.test.ts': 23,
  'tools/properties/properties.test.ts': 21,
  'tools/sim/sim.test.ts': 12,
  'packages/simulator/src/geography/geography-report.test.ts': 12,
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- a sequencer's, of no array
    const ordered = await super.sort(files)
    return ordered.toSorted((a, b) => this.#secondsOf(b) - this.#secondsOf(a))
  }

  #secondsOf({ moduleId }: TestSpecification): number {
    return longFiles[moduleId.slice(this.ctx.config.root.length + 1)] ?? 0
  }
}
