/** Who is linked and where requests go: links, the fleet with its looks, placement, the waiting room and its news. */
import type { Server } from 'node:http'
import { prng, type Clock } from '@isochrone/domain'
import type { Logger, Shutdown } from '@isochrone/runtime'
import type { Redis } from 'ioredis'
import type { ControlView } from '../control/control-state.ts'
import { createFairNews, FAIR_NEWS_MS } from '../control/fair-news.ts'
import type { ControlFollower } from '../control/follow-control.ts'
import type { LiveGateways } from '../control/live-gateways.ts'
import { createFleet, type Fleet } from '../fleet/create-fleet.ts'
import { LOOK_MS } from '../fleet/stream-looks.ts'
import type { LaneContracts } from '../lane/lane-contracts.ts'
import type { GatewayLane } from '../lane/gateway-lane.ts'
import { createLinkServer } from '../link/create-link-server.ts'
import type { LinkServer } from '../link/link-server-types.ts'
import { createPlacer } from '../requests/placement/place-request.ts'
import type { Placer } from '../requests/placement/placer.ts'
import { createWaitingRoom, type WaitingRoom } from '../requests/placement/waiting-room.ts'

export interface StartPlacementInput {
  httpServer: Server
  lane: GatewayLane
  contracts: LaneContracts
  control: ControlView
  follower: ControlFollower
  live: LiveGateways
  redis: Redis
  clock: Clock
  logger: Logger
  shutdown: Shutdown
}

export interface Placement {
  links: LinkServer
  fleet: Fleet
  placer: Placer
  room: WaitingRoom
}

export function startPlacement(input: StartPlacementInput): Placement {
  const { httpServer, lane, contracts, control, follower, live, redis, clock, logger, shutdown } = input
  const links = createLinkServer({
    httpServer,
    lane,
    contracts,
    control: {
      get ready() {
        return follower.ready()
      },
      node: (nodeId) => control.node(nodeId),
    },
    logger,
  })
  const fleet = createFleet({ sessions: links.sessions, control, clock })
  const placer = createPlacer({ fleet, rng: prng(seed()), clock })
  const room = createWaitingRoom({ placer, onRoom: fleet.onRoom, clock, self: lane.id })
  const fairNews = createFairNews({
    redis,
    room,
    nowMs: () => Date.now(),
    gateways: () => live.serving(Date.now()),
  })
  // Redis went away between two news; the next ones tell again.
  const teller = setInterval(() => void fairNews.tick().catch(() => undefined), FAIR_NEWS_MS)
  shutdown.onShutdown('news', () => clearInterval(teller))
  // After what the sockets hold by then: tokens that wait in this process are no slowness of a node.
  const looker = setInterval(() => setImmediate(() => fleet.look()), LOOK_MS)
  shutdown.onShutdown('looks', () => clearInterval(looker))
  return { links, fleet, placer, room }
}

/** Where placement draws begin: recorded with each decision, so any seed will do. */
const seed = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 1
