/** The control stream in Redis: field `event` holds a `ControlEvent` as JSON, the id is its version. */
import { redisKeys } from '@isochrone/protocol'
import type { ControlStream } from '../ports/control-store.ts'
import type { RedisCommands } from '../ports/redis-commands.ts'

/** Older events are dropped: a gateway that is further behind reloads its snapshot. */
const EVENTS_KEPT = 10_000

export function redisControlStream(redis: RedisCommands): ControlStream {
  return {
    async add(version, state) {
      const event = JSON.stringify({ version, state })
      try {
        await redis.call('XADD', redisKeys.control, 'MAXLEN', '~', EVENTS_KEPT, `${version}-0`, 'event', event)
      } catch (error) {
        if (error instanceof Error && error.message.includes('equal or smaller')) return
        throw error
      }
    },
  }
}
