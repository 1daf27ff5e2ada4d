/**
 * `npm run verify:honest`: checks honest nodes again and again with real processes, and fails at the first false verdict.
 *
 * Two witnesses, four agents in their places, two engines of one model; `--checks N` verdicts (500 by default). Unverifiable is no
 * false verdict; it is counted beside. All agents are on this host, and as honest nodes they declare it: how often the test of
 * shared hardware slanders nodes on hosts of their own cannot be seen on one machine.
 */
import { parseArgs } from 'node:util'
import { startTestStack } from '@isochrone/local-stack'
import { addressOfKey, addressToBytes32, bytes32Of, randomBytes32 } from '@isochrone/protocol'
import { engineReplay } from '../testing/engine-replay.ts'
import { amsterdam, startTestFleet, washington } from '../testing/test-fleet.ts'

const { values } = parseArgs({ options: { checks: { type: 'string', default: '500' } } })
const wanted = Number(values.checks)
const startedMs = Date.now()
const stack = await startTestStack({ postgres: true })
const fleet = await startTestFleet({ databaseUrl: stack.databaseUrl, dir: stack.dir })
const counts = new Map<string, Map<string, number>>()
let total = 0
const falseVerdicts: string[] = []
try {
  await Promise.all([fleet.witness('Amsterdam', amsterdam), fleet.witness('Washington', washington)])
  const engines = await Promise.all([fleet.engine([]), fleet.engine([])])
  const model = { model: 'isochrone-demo-tiny', modelHash: engines[0].modelHash }
  const eu = { region: 'eu-west', country: 'NL' }
  const us = { region: 'us-east', country: 'US' }
  const gpus = [{ name: 'NVIDIA H200', count: 1, memoryMib: 143_771, uuids: [`GPU-${crypto.randomUUID()}`] }]
  const provider = (name: string) => bytes32Of(`provider ${name}`)
  const nodes = [
    await fleet.node('eu-1', { ...eu, providerId: provider('a'), sharedHost: true }, { place: amsterdam }),
    await fleet.node('eu-2', { ...eu, providerId: provider('b'), sharedHost: true }, { place: amsterdam }),
    await fleet.node(
      'us-1',
      { ...us, providerId: provider('a'), sharedHost: true, inventory: { gpus } },
      { place: washington },
    ),
    await fleet.node('us-2', { ...us, providerId: provider('b'), sharedHost: true }, { place: washington }),
  ]
  const urls = new Map<string, string>()
  for (const [index, name] of ['m-1', 'm-2', 'm-3'].entries()) {
    const nodeId = addressToBytes32(addressOfKey(randomBytes32()))
    urls.set(nodeId, engines[index % 2 === 0 ? 0 : 1].url)
    await fleet.insertNode({ nodeId, name }, { ...eu, sharedHost: true, providerId: provider(name), models: [model] })
    nodes.push({ nodeId, name, nodeKey: '0x', dir: '' })
  }
  const replay = engineReplay(urls)
  while (total < wanted) {
    for (const node of nodes) {
      await fleet.verify(node, replay)
      for (const check of await fleet.store.verification.newestChecks([node.nodeId])) {
        total += 1
        const kind = counts.get(check.kind) ?? new Map<string, number>()
        kind.set(check.verdict, (kind.get(check.verdict) ?? 0) + 1)
        counts.set(check.kind, kind)
        if (check.verdict === 'invalid') falseVerdicts.push(`${node.name} ${check.kind}: ${check.finding}`)
      }
      if (total >= wanted) break
    }
  }
} finally {
  await fleet.stop()
  await stack.stop()
}
for (const [kind, verdicts] of counts) {
  const text = [...verdicts].map(([verdict, count]) => `${verdict} ${count}`).join(', ')
  process.stdout.write(`${kind.padEnd(10)} ${text}\n`)
}
for (const line of falseVerdicts) process.stdout.write(`FALSE ${line}\n`)
const seconds = ((Date.now() - startedMs) / 1000).toFixed(0)
process.stdout.write(`${total} checks of honest nodes, ${falseVerdicts.length} false verdicts, ${seconds} s\n`)
process.exit(falseVerdicts.length === 0 ? 0 : 1)
