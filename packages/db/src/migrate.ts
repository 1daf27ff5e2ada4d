/**
 * Applies the SQL migrations under prisma/migrations, in Prisma's own bookkeeping, without Prisma's engine.
 *
 * Safe to call from several processes at once: it takes the advisory lock that Prisma Migrate takes. Each migration and
 * its record commit together or not at all, so a migration must not contain statements that refuse transactions. An
 * edited or unknown migration stops the start, because data under a schema that nobody described is worse than no start.
 */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { Umzug } from 'umzug'

/** The directory with one folder for each migration. */
export const migrationsDir = join(dirname(fileURLToPath(import.meta.url)), '../../../prisma/migrations')

/** The database and the migrations of this checkout do not fit together; `message` is one line. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/** The way out for a demo's data, which nobody misses. */
const startAfresh = 'start afresh without the data kept so far: npm start -- --reset'

/** The key that Prisma Migrate itself locks. */
const prismaAdvisoryLock = 72_707_369

const bookkeeping = `create table if not exists _prisma_migrations (
  id varchar(36) primary key,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`

/**
 * Brings the database up to date and returns the names of the migrations that were applied, oldest first.
 *
 * @throws MigrationError when an applied migration was edited, is missing here, or fails.
 */
export async function applyMigrations(databaseUrl: string, dir = migrationsDir): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [prismaAdvisoryLock])
    await client.query(bookkeeping)
    await assertHistoryMatches(client, dir)
    const applied = await runner(client, dir).up()
    return applied.map(({ name }) => name)
  } finally {
    // Ending the connection releases the lock.
    await client.end()
  }
}

function runner(client: pg.Client, dir: string) {
  return new Umzug({
    migrations: namesIn(dir).map((name) => ({ name, up: () => applyOne(client, dir, name) })),
    storage: {
      executed: async () => (await appliedMigrations(client)).map(({ name }) => name),
      // `applyOne` records the migration inside its own transaction.
      logMigration: async () => {},
      unlogMigration: async () => {
        throw new MigrationError('migrations are never undone; write a new one')
      },
    },
    logger: undefined,
  })
}

async function applyOne(client: pg.Client, dir: string, name: string): Promise<void> {
  const sql = await readFile(join(dir, name, 'migration.sql'), 'utf8')
  const startedAt = new Date()
  await client.query('begin')
  try {
    await client.query(sql)
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, $4, clock_timestamp(), 1)`,
      [randomUUID(), checksumOf(sql), name, startedAt],
    )
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback')
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new MigrationError(`migration ${name} failed and was rolled back: ${reason}`, { cause })
  }
}

async function assertHistoryMatches(client: pg.Client, dir: string): Promise<void> {
  const known = new Set(namesIn(dir))
  for (const { name, checksum } of await appliedMigrations(client)) {
    if (!known.has(name)) {
      throw new MigrationError(
        `the database has migration ${name}, which this checkout lacks: it was used by a newer one. Check that one out again, or ${startAfresh}`,
      )
    }
    const sql = await readFile(join(dir, name, 'migration.sql'), 'utf8')
    if (checksumOf(sql) !== checksum) {
      throw new MigrationError(
        `migration ${name} was edited after it was applied to this database. Restore the file, or ${startAfresh}`,
      )
    }
  }
}

async function appliedMigrations(client: pg.Client): Promise<{ name: string; checksum: string }[]> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    `select migration_name as name, checksum from _prisma_migrations
     where finished_at is not null and rolled_back_at is null order by migration_name`,
  )
  return rows
}

/** Folder names sort by their timestamp prefix, which is the order of application. */
function namesIn(dir: string): string[] {
  if (!existsSync(dir)) return []
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(dir, entry.name, 'migration.sql')))
    .map((entry) => entry.name)
    .toSorted()
}

function checksumOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex')
}
