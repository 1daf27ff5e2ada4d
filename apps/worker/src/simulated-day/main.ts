/**
 * Replays a simulated day: npm run test:day -- --seed N --steps M [--days D] [--chain other] [--trace FILE]
 *
 * Without a seed it draws one and says which. With `--days` it runs that many, each with the next seed. `--trace` writes
 * down what happened on the last: two runs of one seed differ in nothing, so a difference shows where a change began. The
 * other chain differs in id, block time, confirmations, finality and fees.
 */
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { startTestStack } from '@isochrone/local-stack'
import { readFlags, wholeFlag } from '@isochrone/runtime'
import { dayChains, type DayChainName } from './day-chain.ts'
import { createDayTrace } from './day-trace.ts'
import { runDay } from './run-day.ts'

const values = readFlags('npm run test:day --', {
  seed: { type: 'string' },
  steps: { type: 'string', default: '1000' },
  days: { type: 'string', default: '1' },
  chain: { type: 'string', default: 'development' },
  verbose: { type: 'boolean', default: false },
  trace: { type: 'string' },
})
const firstSeed = wholeFlag('seed', values.seed ?? String(randomInt(2 ** 31)))
const [steps, days] = [wholeFlag('steps', values.steps), wholeFlag('days', values.days, 1)]

const chainName = chainNamed(values.chain)

for (let seed = firstSeed; seed < firstSeed + days; seed++) {
  process.stdout.write(`seed ${seed}, ${steps} steps\n`)
  const trace = createDayTrace()
  const stack = await startTestStack({
    postgres: true,
    chain: { isStill: true, chainId: dayChains[chainName].chainId },
  })
  try {
    const say = (line: string) => values.verbose && process.stdout.write(`  ${line}\n`)
    const day = await runDay(stack, { seed, steps, chainName, say, trace })
    const facts = Object.entries(day).map(([name, value]) => `${name} ${String(value)}`)
    process.stdout.write(`  held: ${facts.join(', ')}\n`)
  } catch (error) {
    process.stderr.write(
      `  ${error instanceof Error ? (values.verbose ? String(error.stack) : error.message) : String(error)}\n`,
    )
    if (error instanceof Error && values.verbose)
      process.stderr.write(`${String((error.cause as Error | undefined)?.stack)}\n`)
    process.exitCode = 1
    break
  } finally {
    if (values.trace) writeFileSync(values.trace, `${trace.lines().join('\n')}\n`)
    await stack.stop()
  }
}

function chainNamed(text: string): DayChainName {
  if (Object.hasOwn(dayChains, text)) return text as DayChainName
  process.stderr.write(`--chain: ${Object.keys(dayChains).join(' or ')} is expected, not ${text}.\n`)
  process.exit(2)
}
