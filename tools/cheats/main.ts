/**
 * `npm run test:cheats`: five ways to cheat, each tried in a whole marketplace with real processes. No part of `npm test`: it takes
 * minutes. `-- --only WORDS` runs the tests whose names have these words.
 */
import { readFlags } from '@isochrone/runtime'
import { vitest } from '../test/vitest.ts'

const { only } = readFlags('npm run test:cheats --', { only: { type: 'string' } })
const { passed, failed } = await vitest('cheats', undefined, {
  flags: ['--reporter=verbose', ...(only === undefined ? [] : ['--testNamePattern', only])],
  onOutput: (chunk) => process.stdout.write(chunk),
})
process.exit(failed === 0 && passed > 0 ? 0 : 1)
