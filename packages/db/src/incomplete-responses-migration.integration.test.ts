/** Webhooks that were told of responses that a limit cut short are told of them still, by their new name. */
import { cpSync, mkdtempSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyMigrations, migrationsDir } from './migrate.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
}, 300_000)
afterAll(() => stack?.stop())

test('whoever asked for completed responses hears of incomplete ones too, others of neither', async () => {
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  await client.query('create database before_incomplete')
  await client.end()
  const url = new URL(stack.databaseUrl)
  url.pathname = '/before_incomplete'
  const before = mkdtempSync(join(stack.dir, 'before-'))
  for (const name of readdirSync(migrationsDir).filter((each) => /^\d{4}_/.test(each) && each < '0035')) {
    cpSync(join(migrationsDir, name), join(before, name), { recursive: true })
  }
  await applyMigrations(url.href, before)
  const database = new pg.Client({ connectionString: url.href })
  await database.connect()
  try {
    await database.query(`insert into webhook_endpoint (id, "orgId", url, secret, events) values
      ('a', 'o', 'u', 's', '{response.completed,response.failed}'), ('b', 'o', 'u', 's', '{response.failed,job.failed}')`)
    await applyMigrations(url.href)
    const { rows } = await database.query<{ events: string[] }>('select events from webhook_endpoint order by id')
    expect(rows.map(({ events }) => events)).toEqual([
      ['response.completed', 'response.incomplete', 'response.failed'],
      ['response.failed', 'job.failed'],
    ])
  } finally {
    await database.end()
  }
})
