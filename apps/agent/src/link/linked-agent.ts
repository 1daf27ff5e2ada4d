/**
 * Test support: an agent in front of a real engine, linked to a gateway of the test, both new for each test; the engine is one
 * for all tests of a file.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '@isochrone/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { startAgent, type RunningAgent } from '../agent.ts'
import { startEngine, type RunningEngine } from '../engines/start-engine.ts'
import { SMALL_CREDIT_BYTES, TestGateway, type TestStream } from './test-gateway.ts'

export interface LinkedAgent {
  readonly engine: RunningEngine
  readonly gateway: TestGateway
  readonly agent: RunningAgent
  readonly dataDir: string
  /** Starts an agent in the node's directory. @param change over what an agent is told otherwise */
  start(change?: object): Promise<RunningAgent>
  /** Ends the agent, and starts one in its place. */
  restart(change?: object): Promise<void>
  /** Waits until every link is up. */
  linked(): Promise<void>
  /** Another link: streams of a gateway that grants so little stop until it grants more. */
  grantAtFirst(bytes: number): Promise<void>
}

/** Call once, at the top of a file of tests. */
export function linkedAgent(): LinkedAgent {
  const logger = createLogger('test', 'silent')
  let root: string
  let engine: RunningEngine
  let gateway: TestGateway
  let agent: RunningAgent
  let dataDir: string
  let runs = 0

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'isochrone-link-'))
    const demo = { kind: 'llama', modelSource: undefined, modelId: undefined, contextTokensMax: 2048 } as const
    engine = await startEngine(demo, 16, join(root, 'models'))
  })
  afterAll(async () => {
    await engine?.close()
    await rm(root, { recursive: true })
  })
  beforeEach(async () => {
    dataDir = join(root, `node-${runs++}`)
    gateway = new TestGateway()
    await gateway.start()
    agent = await node.start()
    await node.linked()
  })
  afterEach(async () => {
    await agent.close(0)
    await gateway.kill()
  })

  const node: LinkedAgent = {
    get engine() {
      return engine
    },
    get gateway() {
      return gateway
    },
    get agent() {
      return agent
    },
    get dataDir() {
      return dataDir
    },
    start: (change = {}) =>
      startAgent({
        dataDir,
        gatewayUrls: [gateway.url],
        engine: {
          kind: 'openai',
          baseUrl: engine.url,
          apiKey: undefined,
          engineModel: undefined,
          modelId: undefined,
          modelHash: undefined,
          contextTokensMax: 2048,
        },
        concurrencyMax: 8,
        logger,
        ...change,
      }),
    async restart(change) {
      await agent.close(0)
      agent = await node.start(change)
    },
    linked: () =>
      expect.poll(() => gateway.current && agent.links.every((link) => link.ready), { timeout: 30_000 }).toBe(true),
    async grantAtFirst(bytes) {
      await gateway.kill()
      gateway.streamCreditBytes = bytes
      await gateway.start()
      await node.linked()
    },
  }
  return node
}

export const chat = (max_tokens: number, content = 'Where does the river go?') => ({
  stream: true,
  messages: [{ role: 'user', content }],
  max_tokens,
})

/** Waits until the stream has no credit left. */
export const usedUp = (stream: TestStream, bytes = SMALL_CREDIT_BYTES) =>
  expect.poll(() => stream.creditTaken(), { timeout: 30_000 }).toBeGreaterThanOrEqual(bytes)
