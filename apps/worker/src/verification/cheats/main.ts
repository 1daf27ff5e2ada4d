/**
 * `npm run verify:cheats`: one core behind two nodes that do not say so is found, and two nodes on cores of their own are not
 * accused, with real agents pinned by `taskset` and a real witness. It measures time, so it is no part of `npm test`.
 *
 * A busy machine is allowed to end in unverifiable: the cheat then has `--tries` more (10 by default), the two nodes in turns, so
 * that what both usually need becomes known. Neighbours with cores of their own are checked as often. One accusation of these
 * fails the command, and so does one check that calls the shared core valid.
 */
import { cpus } from 'node:os'
import { startTestStack } from '@isochrone/local-stack'
import { bytes32Of } from '@isochrone/protocol'
import { readFlags, wholeFlag } from '@isochrone/runtime'
import { amsterdam, startTestFleet } from '../testing/test-fleet.ts'

const values = readFlags('npm run verify:cheats --', { tries: { type: 'string', default: '10' } })
const tries = wholeFlag('tries', values.tries)
const stack = await startTestStack({ postgres: true })
const fleet = await startTestFleet({ databaseUrl: stack.databaseUrl, dir: stack.dir })
const say = (line: string) => process.stdout.write(`${line}\n`)
let caught = false
let cleared = 0
let accused = 0

async function pair(region: string, cores: readonly [number, number]) {
  return Promise.all(
    cores.map((core, index) => {
      const claims = { region, country: 'NL', providerId: bytes32Of(`provider ${region} ${index}`) }
      return fleet.node(`${region}-${index}`, claims, { place: amsterdam, core })
    }),
  )
}

/** The verdict on hardware that a node shares with the other of its region, and what it was judged by. */
async function sharing(nodes: Awaited<ReturnType<typeof pair>>, tried: number): Promise<string> {
  const node = nodes[tried % nodes.length]
  if (!node) throw new Error('a pair has two nodes')
  await fleet.verify(node)
  const check = await fleet.verdict(node, 'sharing')
  if (!check) throw new Error(`${node.name} was not checked for shared hardware`)
  const { apart, between, slower, unsteady, crowded } = check.inputs as Record<string, number>
  say(
    `  ${check.verdict}: ${slower} slower, ${between} between, ${apart} apart, ${unsteady} unsteady, ${crowded} crowded`,
  )
  return check.verdict
}

try {
  await fleet.witness('Amsterdam', amsterdam)
  const cheat = await pair('eu-nl', [0, 0])
  say('one core behind two nodes, not declared')
  for (let tried = 0; tried < tries && !caught; tried++) {
    const verdict = await sharing(cheat, tried)
    caught = verdict === 'invalid'
    if (verdict === 'valid') cleared += 1
  }
  if (cpus().length > 1) {
    const honest = await pair('eu-west', [0, 1])
    say('two nodes on cores of their own')
    for (let tried = 0; tried < tries; tried++) if ((await sharing(honest, tried)) === 'invalid') accused += 1
  }
} finally {
  await fleet.stop()
  await stack.stop()
}
say(
  `the shared core was ${caught ? 'found' : 'NOT found'} and called valid ${cleared} times; neighbours were accused ${accused} times`,
)
process.exit(caught && cleared === 0 && accused === 0 ? 0 : 1)
