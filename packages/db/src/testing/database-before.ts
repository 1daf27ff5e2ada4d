/** Test support: a database as it was before a migration, to see what that does to rows which are there already. */
import { cpSync, mkdtempSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { applyMigrations, migrationsDir } from '../migrate.ts'

interface Stack {
  /** Of its server. */
  databaseUrl: string
  /** For files of the test. */
  dir: string
}

/** Its URL. @param migration by its number, as in `0034`; it and all later ones are still to be applied. */
export async function databaseBefore(stack: Stack, migration: string): Promise<string> {
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  await client.query(`create database before_${migration}`)
  await client.end()
  const url = new URL(stack.databaseUrl)
  url.pathname = `/before_${migration}`
  const before = mkdtempSync(join(stack.dir, 'before-'))
  for (const name of readdirSync(migrationsDir).filter((each) => /^\d{4}_/.test(each) && each < migration)) {
    cpSync(join(migrationsDir, name), join(before, name), { recursive: true })
  }
  await applyMigrations(url.href, before)
  return url.href
}
