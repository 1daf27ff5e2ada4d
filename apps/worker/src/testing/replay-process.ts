/**
 * Buys one answer of each `--node` as verification does, as a process of its own, and prints them: for tests of the gateway's
 * side of it.
 */
import { parseArgs } from 'node:util'
import { loadEnv, runMain, workerEnv } from '@isochrone/runtime'
import type { Hex } from '@isochrone/protocol'
import { dispatchToGateway } from '../jobs/dispatch-to-gateway.ts'
import { replayThroughGateway } from '../verification/replay-through-gateway.ts'

const settings = workerEnv.pick({ ISOCHRONE_ENVIRONMENT: true, GATEWAY_URLS: true, INTERNAL_TOKEN: true })
const text = { type: 'string', default: '' } as const
const { values } = parseArgs({
  options: { org: text, model: text, prompt: text, node: { type: 'string', multiple: true, default: [] } },
})

runMain('replay', async () => {
  const env = loadEnv(settings)
  const gateway = dispatchToGateway({ gatewayUrls: env.GATEWAY_URLS, internalToken: env.INTERNAL_TOKEN })
  const replay = replayThroughGateway({ gateway, orgId: values.org })
  const { model, prompt } = values
  const answers = []
  for (const nodeId of values.node) answers.push(await replay.ask({ nodeId: nodeId as Hex, model, prompt }))
  process.stdout.write(`${JSON.stringify(answers)}\n`)
})
