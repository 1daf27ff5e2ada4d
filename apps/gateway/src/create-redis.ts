/**
 * Connections to Redis that fail at once while it is away, instead of queueing commands: each caller has its own answer
 * to that (serve from the held lease, reload from Postgres, wait in the journal).
 */
import { Redis, type Command, type RedisOptions } from 'ioredis'
import { afterReading, type Logger } from '@isochrone/runtime'

type Options = Omit<RedisOptions, 'commandTimeout' | 'replyMapping'>

export interface GatewayRedisOptions extends Options {
  /** After which a command without an answer fails, ms. Default: {@link COMMAND_MS_MAX}. */
  commandMsMax?: number
}

/**
 * A Redis that syncs its file each second may hold a write back for 2 s while its disk is busy, which is no failure of it
 * (https://redis.io/docs/latest/operate/oss_and_stack/management/persistence); a second more for the machine. One that is gone
 * closes its connection, and commands fail at once.
 */
const COMMAND_MS_MAX = 3_000

export function createRedis(
  url: string,
  logger: Logger,
  { commandMsMax = COMMAND_MS_MAX, ...options }: GatewayRedisOptions = {},
): Redis {
  const redis = new ReadingRedis(
    url,
    {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2_000,
      retryStrategy: (times) => Math.min(times * 50, 1_000),
      ...options,
    },
    commandMsMax,
  )
  let away = false
  redis.on('error', (error) => {
    if (!away) logger.warn({ err: error }, 'Redis is away')
    away = true
  })
  redis.on('ready', () => {
    if (away) logger.info('Redis is back')
    away = false
  })
  return redis
}

/**
 * Gives a command up when its answer has not come; the client's own `commandTimeout` does so too where the answer is here and this
 * process was held up, and a lease that Redis gave would then be nobody's.
 */
class ReadingRedis extends Redis {
  readonly #commandMsMax: number

  constructor(url: string, options: Options, commandMsMax: number) {
    super(url, options)
    this.#commandMsMax = commandMsMax
  }

  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    const answer = super.sendCommand(command, stream)
    const giveUp = () => command.reject(new Error(`Redis has not answered within ${this.#commandMsMax} ms.`))
    const timer = setTimeout(() => afterReading(giveUp), this.#commandMsMax)
    const over = () => clearTimeout(timer)
    command.promise.then(over, over)
    return answer
  }
}
