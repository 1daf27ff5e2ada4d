/**
 * Draws up the next migration: node tools/run.mjs tools/db/make-migration.ts NAME
 *
 * Applies the migrations so far to a scratch database and writes the difference to prisma/*.prisma as SQL, to be read
 * and committed by a person. The project's own database is not touched.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { applyMigrations, migrationsDir } from '@isochrone/db/migrate'
import { freePort, startPostgres } from '@isochrone/local-stack'
import { runPrisma } from './prisma-cli.ts'

/**
 * Returns the SQL that turns the migrated database into the one that the schema describes; empty when they agree.
 *
 * @throws Error with what Prisma said.
 */
export async function diffToSchema(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'isochrone-migration-'))
  chmodSync(dir, 0o755)
  const server = await startPostgres({ dataDir: dir, port: await freePort(), volatile: true })
  try {
    await applyMigrations(server.url)
    const flags = ['migrate', 'diff', '--from-config-datasource', '--to-schema', 'prisma', '--script']
    const { code, stdout, stderr } = await runPrisma(flags, server.url)
    if (code !== 0) throw new Error(`prisma migrate diff failed:\n${stdout}\n${stderr}`)
    const sql = stdout.trim()
    return sql.startsWith('-- This is an empty migration') ? '' : `${sql}\n`
  } finally {
    await server.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function main(): Promise<void> {
  const name = process.argv[2]
  if (!name || !/^[a-z0-9_]+$/.test(name)) {
    process.stderr.write('Usage: node tools/run.mjs tools/db/make-migration.ts NAME   (lower case, digits and _)\n')
    process.exit(2)
  }
  const sql = await diffToSchema()
  if (!sql) {
    process.stdout.write('The migrations already describe the schema; nothing to write.\n')
    return
  }
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  const dir = join(migrationsDir, `${stamp}_${name}`)
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'migration.sql'), sql)
  process.stdout.write(`Wrote ${join(dir, 'migration.sql')}. Read it before you commit it.\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
