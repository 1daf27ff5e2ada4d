/**
 * What the agent links are made with and what they offer.
 */
import type { Server } from 'node:http'
import type { GatewayStatus, Hex, NodeLiveness, NodeState } from '@isochrone/protocol'
import type { Clock } from '@isochrone/domain'
import type { Logger } from '@isochrone/runtime'
import type { Redis } from 'ioredis'
import type { GatewayLane } from '../lane/gateway-lane.ts'
import type { Sessions } from '../ports.ts'
import type { LaneContracts } from '../lane/lane-contracts.ts'

/** What this gateway has measured of a node; the request flow's estimators own it. */
export type NodeMeasurements = Pick<
  NodeLiveness,
  'ttftP50Ms' | 'ttftP95Ms' | 'tokensPerSecond' | 'estimate' | 'breakerOpenUntilMs'
>

export interface LinkServerOptions {
  /** Its `upgrade` event is taken over for `/v1/agent/link`; every other upgrade is refused with 404. */
  httpServer: Server
  lane: Pick<GatewayLane, 'id' | 'region' | 'presentWork' | 'onConfirm' | 'onNotice' | 'noticesFor' | 'answerRecord'>
  contracts: Pick<LaneContracts, 'chainId' | 'paymentChannels'>
  control: {
    /** False until the first snapshot is loaded: agents are then asked to come back. */
    readonly ready: boolean
    node(nodeId: Hex): NodeState | undefined
  }
  logger: Logger
  clock?: Clock
}

export interface LinkServer {
  readonly sessions: Sessions
  /** Tells every agent that this gateway goes away, and closes the links. */
  close(): Promise<void>
}

export interface LivenessOptions {
  redis: Redis
  sessions: Sessions
  lane: Hex
  publicUrl: string
  region: string
  measurementsOf: (nodeId: Hex) => NodeMeasurements
  status: () => Pick<GatewayStatus, 'ready' | 'activeRequests'>
  logger: Logger
  clock?: Clock
  intervalMs?: number
}

export interface Stoppable {
  stop(): Promise<void>
}
