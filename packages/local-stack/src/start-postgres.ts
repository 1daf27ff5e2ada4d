/**
 * PostgreSQL for this machine: the person's own (`databaseUrl`), else an embedded one whose data is kept.
 *
 * It listens on 127.0.0.1 only, with a random password that is stored beside the data for its owner alone. A second
 * start on the same directory finds the data of the first.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { LocalStackError } from './local-stack-error.ts'
import { findPostgresHome, prepareClusterDir, type PostgresHome } from './postgres-binaries.ts'
import { externalService, spawnService, type Service } from './spawn-service.ts'

export interface StartPostgresOptions {
  /** Holds the cluster, its password and its log. */
  readonly dataDir: string
  readonly port: number
  /** A server that is already there; then nothing is started. */
  readonly databaseUrl?: string | undefined
  readonly databaseName?: string
  /** Tests only: no fsync. A killed server loses nothing that was committed, a crashed machine may. */
  readonly volatile?: boolean
}

const user = 'isochrone'

/**
 * Starts PostgreSQL (creating the cluster and the database when missing) and resolves with its URL.
 *
 * @throws LocalStackError in one line.
 */
export async function startPostgres(options: StartPostgresOptions): Promise<Service> {
  const { dataDir, port, databaseUrl, databaseName = 'isochrone', volatile = false } = options
  if (databaseUrl) {
    await assertReachable(databaseUrl)
    return externalService(databaseUrl)
  }
  mkdirSync(dataDir, { recursive: true })
  const password = passwordOf(dataDir)
  const home = findPostgresHome(join(dataDir, 'cluster'), password)
  if (!existsSync(join(home.clusterDir, 'PG_VERSION'))) createCluster(home, password, volatile)

  const urlOf = (database: string) => `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '120',
    ...(volatile && { fsync: 'off', full_page_writes: 'off' }),
  }
  const running = await spawnService({
    name: 'PostgreSQL',
    command: home.postgres,
    args: [
      '-D',
      home.clusterDir,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]),
    ],
    logFile: join(dataDir, 'postgres.log'),
    cwd: home.clusterDir,
    // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
    stopSignal: 'SIGINT',
    isReady: () => answers(urlOf('postgres')),
    ...home.identity,
  })
  await ensureDatabase(urlOf('postgres'), databaseName)
  return {
    url: urlOf(databaseName),
    pid: running.pid,
    exited: running.exited,
    stop: async () => void (await running.stop()),
  }
}

function passwordOf(dataDir: string): string {
  const file = join(dataDir, 'password')
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

function createCluster(home: PostgresHome, password: string, volatile: boolean): void {
  // Made beside its place and renamed when whole: a first start that was cut short leaves nothing half-made.
  const fresh = { ...home, clusterDir: `${home.clusterDir}.new` }
  rmSync(fresh.clusterDir, { recursive: true, force: true })
  prepareClusterDir(fresh)
  const scratch = mkdtempSync(join(tmpdir(), 'isochrone-initdb-'))
  const passwordFile = join(scratch, 'password')
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  if (home.identity) {
    for (const path of [scratch, passwordFile]) chownSync(path, home.identity.uid, home.identity.gid)
  }
  const flags = [
    '--encoding=UTF8',
    '--locale=C',
    '--auth=scram-sha-256',
    `--username=${user}`,
    `--pwfile=${passwordFile}`,
  ]
  if (volatile) flags.push('--no-sync', '--wal-segsize=1')
  const result = spawnSync(home.initdb, [`--pgdata=${fresh.clusterDir}`, ...flags], {
    encoding: 'utf8',
    cwd: dirname(home.clusterDir),
    ...home.identity,
  })
  rmSync(scratch, { recursive: true, force: true })
  if (result.status === 0) return renameSync(fresh.clusterDir, home.clusterDir)
  const reason = (result.stderr || result.error?.message || '').trim().split('\n').slice(-2).join(' ')
  throw new LocalStackError(`PostgreSQL could not create its data directory ${home.clusterDir}: ${reason}`)
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

async function assertReachable(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LocalStackError(`the PostgreSQL of DATABASE_URL does not answer: ${reason}`, { cause })
  }
}

async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}
