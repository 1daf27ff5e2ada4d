/** Strangers may send anything: a little of `npm run fuzz:gateway` with each run of the tests, the same each time. */
import { expect, test } from 'vitest'
import { runFuzz } from './run-fuzz.ts'

test(
  'whatever comes over HTTP or a link is answered, refused in words, or closed alone',
  { timeout: 240_000 },
  async () => {
    const { cases, byKind } = await runFuzz({ cases: 5_000, seed: 5, say: () => undefined })
    expect(cases).toBeGreaterThanOrEqual(5_000)
    expect([...byKind.keys()]).toEqual(['bodies', 'frames', 'chunks', 'http', 'link'])
  },
)
