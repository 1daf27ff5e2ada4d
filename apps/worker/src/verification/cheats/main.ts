/**
 * `npm run verify:cheats`: one core behind two nodes that do not say so is found, and two nodes on cores of their own are not
 * accused, with real agents pinned by `taskset` and a real witness. It measures time, so it is no part of `npm test`.
 *
 * A busy machine is allowed to end in unverifiable: the cheat then has `--tries` more (10 by default). Neighbours with cores of
 * their own are checked as often; one accusation fails the command.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startTestStack } from '@isochrone/local-stack'
import { bytes32Of } from '@isochrone/protocol'
import { amsterdam, startTestFleet } from '../testing/test-fleet.ts'

const { values } = parseArgs({ options: { tries: { type: 'string', default: '10' } } })
const tries = Number(values.tries)
const stack = await startTestStack({ postgres: true })
const fleet = await startTestFleet({ databaseUrl: stack.databaseUrl, dir: stack.dir })
const say = (line: string) => process.stdout.write(`${line}\n`)
let caught = false
let accused = 0

async function pair(region: string, cores: readonly [number, number]) {
  const [first] = await Promise.all(
    cores.map((core, index) => {
      const claims = { region, country: 'NL', providerId: bytes32Of(`provider ${region} ${index}`) }
      return fleet.node(`${region}-${index}`, claims, { place: amsterdam, core })
    }),
  )
  if (!first) throw new Error('a pair has two nodes')
  return first
}

/** The verdict on hardware that a node shares with the other of its region, and what it was judged by. */
async function sharing(node: Awaited<ReturnType<typeof pair>>): Promise<string> {
  await fleet.verify(node)
  const check = await fleet.verdict(node, 'sharing')
  if (!check) throw new Error(`${node.name} was not checked for shared hardware`)
  const { apart, between, slower, unsteady } = check.inputs as Record<string, number>
  say(`  ${check.verdict}: ${slower} slower, ${between} between, ${apart} apart, ${unsteady} unsteady`)
  return check.verdict
}

try {
  await fleet.witness('Amsterdam', amsterdam)
  const cheat = await pair('eu-nl', [0, 0])
  say('one core behind two nodes, not declared')
  for (let tried = 0; tried < tries && !caught; tried++) caught = (await sharing(cheat)) === 'invalid'
  if (cpus().length > 1) {
    const honest = await pair('eu-west', [0, 1])
    say('two nodes on cores of their own')
    for (let tried = 0; tried < tries; tried++) if ((await sharing(honest)) === 'invalid') accused += 1
  }
} finally {
  await fleet.stop()
  await stack.stop()
}
say(`the shared core was ${caught ? 'found' : 'NOT found'}; neighbours were accused ${accused} times`)
process.exit(caught && accused === 0 ? 0 : 1)
