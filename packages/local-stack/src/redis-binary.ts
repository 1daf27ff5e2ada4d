/**
 * Finds a Redis server: on the PATH, or in our cache, or unpacked from Debian's packages without root.
 *
 * Unpacking uses private apt directories, so nothing of the machine's package state changes. Where there is no apt, the
 * error names the command for the person's platform.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { platform } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LocalStackError } from './local-stack-error.ts'

const run = promisify(execFile)

export interface RedisBinary {
  readonly command: string
  /** Where the libraries of an unpacked server are; undefined for one that is installed. */
  readonly libraryPath: string | undefined
}

/**
 * Resolves with a server that starts.
 *
 * @param cacheDir where an unpacked server is kept between starts
 * @throws LocalStackError with the install command for this platform
 */
export async function findRedisBinary(cacheDir: string): Promise<RedisBinary> {
  for (const command of ['redis-server', 'valkey-server']) {
    if (await works({ command, libraryPath: undefined })) return { command, libraryPath: undefined }
  }
  const home = join(cacheDir, 'redis')
  const cached = existsSync(home) ? unpackedBinary(home) : undefined
  if (cached && (await works(cached))) return cached
  return unpackFromDebian(home)
}

async function works({ command, libraryPath }: RedisBinary): Promise<boolean> {
  try {
    await run(command, ['--version'], { env: redisEnv({ command, libraryPath }), timeout: 10_000 })
    return true
  } catch {
    return false
  }
}

/** The environment in which the server finds its libraries; nothing else is inherited. */
export function redisEnv({ libraryPath }: RedisBinary): NodeJS.ProcessEnv | undefined {
  return libraryPath === undefined ? undefined : { LD_LIBRARY_PATH: libraryPath, PATH: '/usr/bin:/bin' }
}

async function unpackFromDebian(home: string): Promise<RedisBinary> {
  const partial = `${home}.${process.pid}`
  try {
    await downloadAndUnpack(partial)
    const binary = unpackedBinary(partial)
    if (!binary || !(await works(binary))) throw new Error('the unpacked server does not start')
    rmSync(home, { recursive: true, force: true })
    renameSync(partial, home)
    const moved = unpackedBinary(home)
    if (!moved) throw new Error('the unpacked server vanished')
    return moved
  } catch (cause) {
    rmSync(partial, { recursive: true, force: true })
    throw new LocalStackError(`Redis is missing and could not be unpacked from packages. ${installHint()}`, { cause })
  }
}

async function downloadAndUnpack(target: string): Promise<void> {
  const apt = join(target, 'apt')
  const root = join(target, 'root')
  for (const dir of ['lists/partial', 'cache/archives/partial', 'debs']) mkdirSync(join(apt, dir), { recursive: true })
  mkdirSync(root, { recursive: true })
  const options = ['-q', '-o', `Dir::State::lists=${apt}/lists`, '-o', `Dir::Cache=${apt}/cache`]
  if (process.getuid?.() === 0) options.push('-o', 'APT::Sandbox::User=root')
  const limits = { cwd: join(apt, 'debs'), timeout: 120_000, maxBuffer: 1 << 24 }

  await run('apt-get', [...options, 'update'], limits)
  const servers = ['redis-server', 'redis-tools']
  const { stdout } = await run('apt-cache', [...options, 'depends', '-i', ...servers], limits)
  const libraries = [...stdout.matchAll(/Depends: (lib[a-z0-9.+-]+)$/gm)].map((match) => String(match[1]))
  const wanted = new Set([...servers, ...libraries.filter((name) => name !== 'libc6'), 'libatomic1'])
  await run('apt-get', [...options, 'download', ...wanted], limits)
  for (const file of readdirSync(limits.cwd)) {
    await run('dpkg-deb', ['-x', join(limits.cwd, file), root], { timeout: 60_000 })
  }
  rmSync(apt, { recursive: true, force: true })
}

function unpackedBinary(home: string): RedisBinary | undefined {
  const command = join(home, 'root/usr/bin/redis-server')
  if (!existsSync(command)) return undefined
  const libraryDirs = ['usr/lib', 'lib'].flatMap((dir) => {
    const base = join(home, 'root', dir)
    if (!existsSync(base)) return []
    return [
      base,
      ...readdirSync(base)
        .filter((name) => name.includes('linux'))
        .map((name) => join(base, name)),
    ]
  })
  return { command, libraryPath: libraryDirs.join(':') }
}

function installHint(): string {
  const hints: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'Install it with: brew install redis',
    linux:
      'Install it with your package manager (apt install redis-server, dnf install redis, apk add redis, pacman -S valkey), or set REDIS_URL.',
    win32: 'Start one in WSL or a container and set REDIS_URL.',
  }
  return hints[platform()] ?? 'Install redis-server or set REDIS_URL.'
}
