/**
 * Redis for this machine: the person's own (`redisUrl`), else a local server with its append-only file on.
 *
 * It listens on 127.0.0.1 only. Each write reaches the file before its reply and the disk within a second, so killing
 * the process loses nothing that was acknowledged.
 */
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { LocalStackError } from './local-stack-error.ts'
import { findRedisBinary, redisEnv } from './redis-binary.ts'
import { externalService, spawnService, type Service } from './spawn-service.ts'

export interface StartRedisOptions {
  readonly dataDir: string
  readonly port: number
  /** Where a server unpacked from packages is kept between starts. */
  readonly cacheDir: string
  /** A server that is already there; then nothing is started. */
  readonly redisUrl?: string | undefined
}

/**
 * Starts Redis and resolves with its URL once it has loaded its data.
 *
 * @throws LocalStackError in one line.
 */
export async function startRedis({ dataDir, port, cacheDir, redisUrl }: StartRedisOptions): Promise<Service> {
  if (redisUrl) {
    const { hostname, port: theirs } = new URL(redisUrl)
    if (!redisUrl.startsWith('rediss:') && !(await replies(hostname, Number(theirs || 6379), ''))) {
      throw new LocalStackError(`the Redis of REDIS_URL does not answer at ${hostname}:${theirs || 6379}`)
    }
    return externalService(redisUrl)
  }
  mkdirSync(dataDir, { recursive: true })
  const binary = await findRedisBinary(cacheDir)
  const env = redisEnv(binary)
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: dataDir,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    // BullMQ and our streams must never lose keys to eviction.
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  }
  const running = await spawnService({
    name: 'Redis',
    command: binary.command,
    args: Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]),
    logFile: join(dataDir, 'redis.log'),
    cwd: dataDir,
    isReady: () => replies('127.0.0.1', port, '+PONG'),
    ...(env && { env }),
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: running.pid,
    exited: running.exited,
    stop: async () => void (await running.stop()),
  }
}

/** True when PING gets a reply that starts with `expected`; while loading its file, Redis answers "-LOADING". */
async function replies(host: string, port: number, expected: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const finish = (ok: boolean) => {
      socket.destroy()
      resolve(ok)
    }
    socket.setTimeout(2_000, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (data) => finish(data.toString().startsWith(expected)))
  })
}
