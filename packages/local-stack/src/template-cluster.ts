/**
 * A Postgres cluster made once and copied for each test file: created, migrated, and stopped cleanly.
 *
 * The cache is keyed by the content of every migration, so a changed migration makes a new template. Inside it,
 * `isochrone_template` is what further databases of a test are created from.
 */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyMigrations, migrationsDir } from '@isochrone/db/migrate'
import pg from 'pg'
import { freePort } from './free-port.ts'
import { findPostgresHome } from './postgres-binaries.ts'
import { projectCacheDir } from './project-cache-dir.ts'
import { startPostgres } from './start-postgres.ts'

const templateName = 'isochrone_template'
const layoutVersion = 1

/** Copies the migrated cluster to `dataDir`, making it first when there is none for these migrations. */
export async function copyTemplateCluster(dataDir: string): Promise<void> {
  const template = await ensureTemplate()
  cpSync(template, dataDir, { recursive: true })
  const home = findPostgresHome(join(dataDir, 'cluster'))
  if (home.identity) chownTree(join(dataDir, 'cluster'), home.identity)
  chmodSync(join(dataDir, 'cluster'), 0o700)
}

/** Creates a database from the migrated template and returns its URL. */
export async function createDatabaseFrom(url: string, name: string): Promise<string> {
  await onAdminDatabase(url, `create database ${name} template ${templateName}`)
  const fresh = new URL(url)
  fresh.pathname = `/${name}`
  return fresh.href
}

async function ensureTemplate(): Promise<string> {
  const target = join(projectCacheDir(), `postgres-template-${fingerprint()}`)
  if (existsSync(target)) return target
  const scratch = mkdtempSync(join(tmpdir(), 'isochrone-template-'))
  chmodSync(scratch, 0o755)
  const dataDir = join(scratch, 'postgres')
  try {
    const server = await startPostgres({ dataDir, port: await freePort(), volatile: true })
    try {
      await applyMigrations(server.url)
      await onAdminDatabase(server.url, `create database ${templateName} template isochrone`)
    } finally {
      await server.stop()
    }
    const beside = `${target}.${process.pid}`
    cpSync(dataDir, beside, { recursive: true })
    try {
      renameSync(beside, target)
    } catch {
      rmSync(beside, { recursive: true, force: true }) // Another test process was quicker.
    }
    return target
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function fingerprint(): string {
  const hash = createHash('sha256').update(String(layoutVersion))
  if (!existsSync(migrationsDir)) return hash.digest('hex').slice(0, 16)
  const files = readdirSync(migrationsDir, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.sql'),
  )
  for (const file of files.toSorted()) hash.update(file).update(readFileSync(join(migrationsDir, file)))
  return hash.digest('hex').slice(0, 16)
}

async function onAdminDatabase(url: string, sql: string): Promise<void> {
  const admin = new URL(url)
  admin.pathname = '/postgres'
  const client = new pg.Client({ connectionString: admin.href })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

function chownTree(dir: string, { uid, gid }: { uid: number; gid: number }): void {
  chownSync(dir, uid, gid)
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) chownTree(path, { uid, gid })
    else chownSync(path, uid, gid)
  }
}
