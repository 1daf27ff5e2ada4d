/**
 * Test support: what queued work runs against. Postgres and Redis are real; the gateway does with each dispatch what a test
 * says, and notes it; its nodes, which it says are linked, are never asked.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@isochrone/domain'
import { createDb, createStore, type Db, type Store } from '@isochrone/db'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import {
  bytes32Of,
  type DispatchRequest,
  type DispatchResponse,
  type Hex,
  type NodeLiveness,
  type NodeState,
} from '@isochrone/protocol'
import { createJobFleet } from '@isochrone/services'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { dispatchToGateway } from '../jobs/dispatch-to-gateway.ts'

export const answered: DispatchResponse = {
  outcome: 'answered',
  httpStatus: 200,
  answer: { id: 'x' },
  message: null,
}

export interface UnsteadyGateway {
  readonly stack: TestStack
  readonly db: Db
  readonly store: Store
  readonly url: string
  /** Since the test began. */
  readonly calls: DispatchRequest[]
  /** Answers every one, where a test says nothing else. */
  behave: (request: DispatchRequest) => DispatchResponse | 'hang up'
  /** Keys that are, since the test began. */
  readonly revoked: Set<string>
  /** What a worker of jobs or batches is given. */
  deps(): ReturnType<typeof depsOf>
}

/** Call once, at the top of a file of tests. */
export function unsteadyGateway(nodeIds: readonly Hex[]): UnsteadyGateway {
  let stack: TestStack
  let db: Db
  let store: Store
  let server: Server
  let url: string
  let calls: DispatchRequest[] = []

  beforeAll(async () => {
    stack = await startTestStack({ postgres: true, redis: true })
    db = createDb(stack.databaseUrl)
    store = createStore(db)
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const dispatch = JSON.parse(Buffer.concat(chunks).toString()) as DispatchRequest
        calls.push(dispatch)
        const result = gateway.behave(dispatch)
        if (result === 'hang up') return request.socket.destroy()
        response.setHeader('content-type', 'application/json').end(JSON.stringify(result))
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  beforeEach(() => {
    calls = []
    gateway.behave = () => answered
    gateway.revoked.clear()
  })
  afterAll(async () => {
    server?.close()
    await db?.$disconnect()
    await stack?.stop()
  })

  const gateway: UnsteadyGateway = {
    get stack() {
      return stack
    },
    get db() {
      return db
    },
    get store() {
      return store
    },
    get url() {
      return url
    },
    get calls() {
      return calls
    },
    behave: () => answered,
    revoked: new Set(),
    deps: () => depsOf(url, nodeIds, gateway.revoked),
  }
  return gateway
}

function depsOf(url: string, nodeIds: readonly Hex[], revoked: ReadonlySet<string>) {
  const states = nodeIds.map(stateOf)
  const nodes = async () => ({ states, liveness: new Map(nodeIds.map((id) => [id, livenessOf(id, url)] as const)) })
  return {
    fleet: {
      nodes,
      routing: async () => ({}),
      gateways: async () => [],
      isRevoked: async (id: string) => revoked.has(id),
    },
    gateway: dispatchToGateway({ gatewayUrls: [url], internalToken: 'x' }),
    pools: createJobFleet(),
    clock: systemClock,
  }
}

const stateOf = (nodeId: Hex): NodeState => ({
  kind: 'node',
  nodeId,
  id: nodeId.slice(0, 8),
  name: nodeId.slice(0, 8),
  providerId: bytes32Of('p'),
  providerName: 'p',
  providerOrgId: 'org_p',
  active: true,
  termsHash: bytes32Of('t'),
  terms: {},
  termsDocument: {},
  prices: {
    inMicroUsdPerMtok: '1',
    cachedMicroUsdPerMtok: '1',
    outMicroUsdPerMtok: '1',
    inMicroUsdPerGb: '0',
    outMicroUsdPerGb: '0',
  },
  region: 'local',
  failureDomain: nodeId,
  country: 'DE',
  simulated: false,
  gpuClass: 'CPU',
  trust: 'claimed',
  dataPolicy: 'any',
  tier: 'regional',
})

const model = {
  model: 'tiny',
  modelHash: bytes32Of('m'),
  contextTokensMax: 2048,
  quantisation: 'F32',
  simulated: false,
}

const livenessOf = (nodeId: Hex, gatewayUrl: string): NodeLiveness => ({
  nodeId,
  lane: bytes32Of('lane'),
  gatewayUrl,
  seenAtMs: Date.now(),
  linkedSinceMs: 0,
  hardware: 'cpu',
  models: [model],
  concurrencyMax: 16,
  activeStreams: 0,
  queuedStreams: 0,
  rttMs: 1,
  simulatedRttMs: null,
  ttftP50Ms: null,
  ttftP95Ms: null,
  tokensPerSecond: null,
  estimate: null,
})
