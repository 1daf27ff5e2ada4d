/** Offers that were there before their columns were put in another order are the same after it. */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyMigrations } from './migrate.ts'
import { databaseBefore } from './testing/database-before.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
}, 300_000)
afterAll(() => stack?.stop())

const rows = `insert into offer ("nodeId", id, name, "providerId", "providerName", region, country, tier, "dataPolicy", trust,
    "gpuClass", hardware, "gpuCount", "memoryMib", simulated, models, words, "inMicroUsdPerMtok", "outMicroUsdPerMtok",
    "gpuHourMicroUsd", "termsHash", "listedAt", live, "freeSlots", slots, "ttftP50Ms", "ttftP95Ms", "tokensPerSecond",
    "effectiveMicroUsdPerMtok", samples, "measuredAt")
  values ('0x1', 'node_1', 'one', '0xp', 'P', 'eu-west', 'NL', 'edge', 'no_training', 'attested', 'H200', '8 × H200', 8,
      1150168, true, '{a,b}', 'one p h200', 1, 2, 3, '0xt1', '2026-11-01T00:00:00.123Z', true, 4, 64, 1.5, 2.5, 3.5, 5, 6,
      '2026-11-01T01:00:00Z'),
    ('0x2', 'node_2', 'two', '0xp', 'P', 'us-east', 'US', 'cloud', 'any', 'claimed', 'CPU', 'a CPU', 0, 0, false, null,
      'two p cpu', 9007199254740993, 7, null, '0xt2', '2026-11-02T00:00:00Z', false, null, null, null, null, null, null, 0, null)`

test('every offer keeps every value, and its keys stay keys', async () => {
  const url = await databaseBefore(stack, '0034')
  const database = new pg.Client({ connectionString: url })
  await database.connect()
  try {
    await database.query(rows)
    const read = () => database.query('select to_jsonb(offer) as row from offer order by "nodeId"')
    const written = (await read()).rows
    expect(written).toHaveLength(2)
    expect(await applyMigrations(url)).toContain('0034_offer_columns')
    expect((await read()).rows).toEqual(written)
    for (const key of ['nodeId', 'id']) {
      const again = `insert into offer select (jsonb_populate_record(offer, jsonb_build_object('${key === 'id' ? 'nodeId' : 'id'}', 'x'))).* from offer where id = 'node_1'`
      await expect(database.query(again)).rejects.toThrow(/duplicate key/)
    }
  } finally {
    await database.end()
  }
})
