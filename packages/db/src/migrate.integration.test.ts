import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync, appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { applyMigrations, migrationsDir } from './migrate.ts'

let stack: TestStack
let dir: string
let databaseUrl: string

beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
})
afterAll(() => stack?.stop())

beforeEach(async () => {
  dir = mkdtempSync(join(stack.dir, 'migrations-'))
  cpSync(migrationsDir, dir, { recursive: true })
  databaseUrl = await stack.freshDatabase()
})

function addMigration(name: string, sql: string): void {
  mkdirSync(join(dir, name))
  writeFileSync(join(dir, name, 'migration.sql'), sql)
}

async function rows(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test('migrations are applied once, in order, even when several processes start together', async () => {
  addMigration('9990_one', 'create table one (id int)')
  addMigration('9991_two', 'alter table one add column two text')
  const results = await Promise.all([1, 2, 3].map(() => applyMigrations(databaseUrl, dir)))
  expect(results.flat()).toEqual(['9990_one', '9991_two'])
  expect(await applyMigrations(databaseUrl, dir)).toEqual([])
})

test('a migration that fails leaves neither half a schema nor a record', async () => {
  addMigration('9990_bad', 'create table half (id int); select nonsense')
  await expect(applyMigrations(databaseUrl, dir)).rejects.toThrow(/migration 9990_bad failed and was rolled back/)
  expect(await rows(`select to_regclass('half') as half`)).toEqual([{ half: null }])
  expect(await rows(`select 1 from _prisma_migrations where migration_name = '9990_bad'`)).toEqual([])
})

test('an edited migration and one that this checkout lacks both stop the start and say what to do', async () => {
  addMigration('9990_one', 'create table one (id int)')
  await applyMigrations(databaseUrl, dir)
  appendFileSync(join(dir, '9990_one/migration.sql'), '\n-- a thought')
  await expect(applyMigrations(databaseUrl, dir)).rejects.toThrow(
    /9990_one was edited after it was applied .* npm start -- --reset$/,
  )
  rmSync(join(dir, '9990_one'), { recursive: true })
  await expect(applyMigrations(databaseUrl, dir)).rejects.toThrow(/which this checkout lacks.* npm start -- --reset$/)
})
