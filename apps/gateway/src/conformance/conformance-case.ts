/** One proof: a feature, the client that uses it, whole or streamed, and the check. A case passes by not throwing. */
import type { ConformanceWorld } from './conformance-world.ts'

export type Client = 'openai' | 'ai-sdk' | 'fetch'
export type Mode = 'whole' | 'stream'

export interface ConformanceCase {
  area: string
  feature: string
  client: Client
  mode: Mode
  /** The feature is refused, with this reason: the case proves the refusal. */
  refused?: string
  /** Codes of errors that it makes the gateway send: where one was not sent, the case fails. */
  proves?: readonly string[]
  run: (world: ConformanceWorld) => Promise<void>
}

export interface CaseResult extends Omit<ConformanceCase, 'run' | 'proves'> {
  /** Null where it passed. */
  failure: string | null
}

/** Runs them one after the other: each may look at what the engine was sent last. */
export async function runCases(cases: readonly ConformanceCase[], world: ConformanceWorld): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const { run, proves = [], ...about } of cases) {
    const before = world.errors.count
    const failure = await run(world).then(
      () => {
        const sent = world.errors.codesSince(before)
        const missing = proves.filter((code) => !sent.has(code))
        return missing.length > 0 ? `the gateway did not send ${missing.join(', ')}` : null
      },
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    results.push({ ...about, failure })
  }
  return results
}
