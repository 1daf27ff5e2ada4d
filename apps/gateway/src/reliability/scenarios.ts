/** Everything that is broken on purpose in one market, in the order of the table. */
import * as gateway from './break-gateway.ts'
import * as load from './break-load.ts'
import * as nodes from './break-nodes.ts'
import * as stores from './break-stores.ts'
import * as trust from './break-trust.ts'
import { theBooks } from './the-books.ts'
import type { Scenario } from './scenario.ts'

export const scenarios: readonly Scenario[] = [
  nodes.agentKilledBefore,
  nodes.agentKilledAfter,
  nodes.agentStalled,
  nodes.halfOpenLink,
  gateway.gatewayKilled,
  gateway.gatewayStalled,
  gateway.gatewayDrained,
  stores.redisRestarted,
  stores.redisStalled,
  stores.redisGone,
  stores.storesGone,
  load.slowReader,
  load.tenMegabytes,
  load.tinyRequests,
  load.hundredThousand,
  trust.garbageNode,
  trust.largeChunk,
  trust.lyingNode,
  theBooks,
]
