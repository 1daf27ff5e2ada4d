/**
 * What the fuzz runs against: a gateway as it runs, with its Postgres and Redis, an honest node that serves all the while, and
 * free node keys for those that misbehave.
 */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hex } from '@isochrone/protocol'
import { ask } from '../reliability/client.ts'
import { unlimited } from '../reliability/market.ts'
import { honest, SCRIPTED_MODEL, startScriptedNode } from '../reliability/scripted-node.ts'
import { startGatewayWorld, WORLD_KEY } from '../testing/gateway-world.ts'

/** Nodes that misbehave at a time. */
export const ROGUES = 3

export interface FuzzWorld {
  readonly url: string
  readonly port: number
  readonly key: string
  /** Of the nodes that misbehave. */
  readonly rogueKeys: readonly Hex[]
  /** Throws unless the gateway runs, serves the honest node, and has logged no error of its own. */
  check(): Promise<void>
  stop(): Promise<void>
}

export async function startFuzzWorld(): Promise<FuzzWorld> {
  const world = await startGatewayWorld(1 + ROGUES, 1_000_000_000_000n)
  world.redis.on('error', () => undefined)
  await unlimited(world, 'org_w')
  const gateway: ChildProcess = await world.startGateway(0, { LOG_LEVEL: 'error' })
  const [first, ...rogueKeys] = world.nodeKeys
  const node = await startScriptedNode({ gatewayUrl: world.url, key: first as Hex, script: honest(['k']) })
  await world.linked(1)
  const body = { model: SCRIPTED_MODEL, messages: [{ role: 'user', content: 'a' }], max_tokens: 1 }
  return {
    url: world.url,
    port: Number(new URL(world.url).port),
    key: WORLD_KEY,
    rogueKeys,
    async check() {
      const { exitCode, signalCode } = gateway
      if (exitCode !== null || signalCode !== null) throw new Error(`the gateway ended: ${exitCode ?? signalCode}`)
      const log = readFileSync(join(world.stack.dir, 'gateway.log'), 'utf8').trim()
      if (log !== '') throw new Error(`the gateway logged an error of its own: ${log.slice(0, 3_000)}`)
      const seen = await ask({ url: world.url, key: WORLD_KEY, body })
      if (seen.status !== 200 || seen.text !== 'k')
        throw new Error(`the honest node is not served: ${JSON.stringify(seen)}`)
    },
    async stop() {
      node.agent.drop()
      await world.stop()
    },
  }
}

export { SCRIPTED_MODEL }
