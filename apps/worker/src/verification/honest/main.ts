/**
 * `npm run verify:honest`: checks honest nodes again and again with real processes, and fails at any false verdict.
 *
 * Two witnesses, agents in their places, two engines of one model, nodes with receipts; `--checks N` verdicts that were decided by
 * evidence (500 by default). Those that words alone decide, as "it claims no GPU", are counted beside them, and so is doubt; a false
 * one fails the command wherever it stands. Agents on this host declare that they share it, as honest nodes do; where it has
 * two cores, a pair with a core each declares nothing, and must not be accused of sharing. Replays ask the engines without a gateway.
 */
import { cpus } from 'node:os'
import { startTestStack } from '@isochrone/local-stack'
import { addressOfKey, addressToBytes32, bytes32Of, randomBytes32, type Hex } from '@isochrone/protocol'
import { readFlags, wholeFlag } from '@isochrone/runtime'
import { hasEvidence } from './has-evidence.ts'
import { honestReceipts } from './honest-receipts.ts'
import { engineReplay } from '../testing/engine-replay.ts'
import { amsterdam, startTestFleet, washington } from '../testing/test-fleet.ts'

const values = readFlags('npm run verify:honest --', { checks: { type: 'string', default: '500' } })
const wanted = wholeFlag('checks', values.checks, 1)
const startedMs = Date.now()
const stack = await startTestStack({ postgres: true })
const fleet = await startTestFleet({ databaseUrl: stack.databaseUrl, dir: stack.dir })
const counts = new Map<string, Map<string, number>>()
const sums = { evidence: 0, words: 0, undecided: 0 }
const falseVerdicts: string[] = []
/** In a pass, of each node that serves the model: more than settle the check on a day. */
const RECEIPTS_A_PASS = 100
let receipts = 0
let recounted = 0
try {
  await Promise.all([fleet.witness('Amsterdam', amsterdam), fleet.witness('Washington', washington)])
  const engines = await Promise.all([fleet.engine([]), fleet.engine([])])
  const model = { model: 'isochrone-demo-tiny', modelHash: engines[0].modelHash }
  const eu = { region: 'eu-west', country: 'NL' }
  const us = { region: 'us-east', country: 'US' }
  const withGpu = () => ({
    gpus: [{ name: 'NVIDIA H200', count: 1, memoryMib: 143_771, uuids: [`GPU-${crypto.randomUUID()}`] }],
  })
  const host = () => ({ sharedHost: true, inventory: withGpu() })
  const provider = (name: string) => bytes32Of(`provider ${name}`)
  const nodes = [
    await fleet.node('eu-1', { ...eu, providerId: provider('a'), ...host() }, { place: amsterdam }),
    await fleet.node('eu-2', { ...eu, providerId: provider('b'), ...host() }, { place: amsterdam }),
    await fleet.node('us-1', { ...us, providerId: provider('a'), ...host() }, { place: washington }),
    await fleet.node('us-2', { ...us, providerId: provider('b'), ...host() }, { place: washington }),
  ]
  const own = { region: 'eu-nl', country: 'NL' }
  for (const core of cpus().length > 1 ? [0, 1] : []) {
    const claims = { ...own, providerId: provider(`own ${core}`), inventory: withGpu() }
    nodes.push(await fleet.node(`own-${core}`, claims, { place: amsterdam, core }))
  }
  const urls = new Map<string, string>()
  const serving: { nodeKey: Hex; providerId: Hex }[] = []
  for (const [index, name] of ['m-1', 'm-2', 'm-3'].entries()) {
    const nodeKey = randomBytes32()
    const nodeId = addressToBytes32(addressOfKey(nodeKey))
    urls.set(nodeId, engines[index % 2 === 0 ? 0 : 1].url)
    const claims = { ...eu, ...host(), providerId: provider(name), models: [model] }
    await fleet.insertNode({ nodeId, name }, claims)
    nodes.push({ nodeId, name, nodeKey, dir: '' })
    serving.push({ nodeKey, providerId: provider(name) })
  }
  const replay = engineReplay(urls)
  const serve = honestReceipts(fleet, 1)
  while (sums.evidence < wanted) {
    for (const node of serving) {
      recounted += await serve(node, RECEIPTS_A_PASS)
      receipts += RECEIPTS_A_PASS
    }
    for (const node of nodes) {
      await fleet.verify(node, replay)
      for (const check of await fleet.store.verification.newestChecks([node.nodeId])) {
        const by = hasEvidence(check.kind, check.inputs) ? 'evidence' : 'words'
        sums[check.verdict === 'unverifiable' ? 'undecided' : by] += 1
        const kind = counts.get(check.kind) ?? new Map<string, number>()
        const what = check.verdict === 'unverifiable' ? 'undecided' : `${check.verdict} by ${by}`
        kind.set(what, (kind.get(what) ?? 0) + 1)
        counts.set(check.kind, kind)
        if (check.verdict === 'invalid') falseVerdicts.push(`${node.name} ${check.kind}: ${check.finding}`)
      }
      if (sums.evidence >= wanted) break
    }
  }
} finally {
  await fleet.stop()
  await stack.stop()
}
for (const [kind, verdicts] of counts) {
  const text = [...verdicts].map(([what, count]) => `${what} ${count}`).join(', ')
  process.stdout.write(`${kind.padEnd(10)} ${text}\n`)
}
for (const line of falseVerdicts) process.stdout.write(`FALSE ${line}\n`)
const seconds = ((Date.now() - startedMs) / 1000).toFixed(0)
process.stdout.write(
  `${sums.evidence} verdicts on honest nodes by evidence and ${sums.words} by words alone, ${falseVerdicts.length} of them false; ` +
    `${sums.undecided} undecided; ${receipts} receipts, ${recounted} of them recounted lower; ${seconds} s\n`,
)
process.exit(falseVerdicts.length === 0 ? 0 : 1)
