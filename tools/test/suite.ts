/** What a suite is, and what it reports. */

export interface SuiteResult {
  readonly passed: number
  readonly failed: number
  /** Shown when something failed. */
  readonly output: string
}

export interface Suite {
  /** What `--only` calls it. */
  readonly name: string
  readonly title: string
  run(): Promise<SuiteResult>
}

/** A suite that counts as one check. */
export function oneCheck(ok: boolean, output: string): SuiteResult {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, output }
}
