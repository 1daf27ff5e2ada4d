import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import { createWalletClient, defineChain, http, parseEther, publicActions } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { developmentKeys } from '@isochrone/runtime'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from './free-port.ts'
import { jsonRpc } from './json-rpc.ts'
import { projectCacheDir } from './project-cache-dir.ts'
import { startAnvil } from './start-anvil.ts'
import { startPostgres } from './start-postgres.ts'
import { startRedis } from './start-redis.ts'
import { startTestStack } from './test-stack.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'isochrone-local-stack-'))
  chmodSync(dir, 0o755)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function queryOne<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T | undefined> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows[0]
  } finally {
    await client.end()
  }
}

test('Postgres keeps its data over a restart, and its password is for its owner alone', async () => {
  const options = { dataDir: join(dir, 'pg'), port: await freePort() }
  const first = await startPostgres(options)
  await queryOne(first.url, 'create table kept as select 42 as answer')
  await first.stop()
  const second = await startPostgres(options)
  expect(second.url).toBe(first.url)
  expect(await queryOne(second.url, 'select answer from kept')).toEqual({ answer: 42 })
  expect(statSync(join(dir, 'pg/password')).mode & 0o077).toBe(0)
  await second.stop()
})

test.runIf(process.getuid?.() === 0)(
  'under root, Postgres runs from a directory that others cannot enter',
  async () => {
    const closed = join(dir, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const server = await startPostgres({ dataDir: join(closed, 'pg'), port: await freePort(), volatile: true })
    expect(await queryOne(server.url, 'select 1 as one')).toEqual({ one: 1 })
    const moved = await queryOne<{ data_directory: string }>(server.url, 'show data_directory')
    await server.stop()
    expect(moved?.data_directory).toMatch(/^\/var\/tmp\/isochrone-postgres\/data-/)
    rmSync(moved?.data_directory ?? '', { recursive: true })
  },
)

test('a Postgres that the person brings is used as it is, or refused in one line', async () => {
  const port = await freePort()
  const options = { dataDir: join(dir, 'none'), port, databaseUrl: `postgresql://a:secret@127.0.0.1:${port}/b` }
  await expect(startPostgres(options)).rejects.toThrow(/^the PostgreSQL of DATABASE_URL does not answer: [^\n]*$/)
  await expect(startPostgres(options)).rejects.not.toThrow('secret')
  expect(existsSync(options.dataDir)).toBe(false)
})

/** Receipts pass through Redis: an acknowledged write must survive `kill -9`. */
test('Redis loses no acknowledged write to SIGKILL', async () => {
  const options = { dataDir: join(dir, 'redis'), port: await freePort(), cacheDir: projectCacheDir() }
  const first = await startRedis(options)
  const client = new Redis(first.url, { maxRetriesPerRequest: 0, retryStrategy: () => null })
  client.on('error', () => {})
  for (let i = 0; i < 200; i++) await client.set(`key-${i}`, i)
  process.kill(first.pid ?? 0, 'SIGKILL')
  await first.exited
  client.disconnect()
  const second = await startRedis(options)
  const again = new Redis(second.url)
  expect(await again.dbsize()).toBe(200)
  again.disconnect()
  await second.stop()
})

test('the chain keeps its state over a restart, and mines as soon as a transaction waits', async () => {
  const options = { stateFile: join(dir, 'chain/state.json'), logFile: join(dir, 'chain/log'), port: await freePort() }
  const first = await startAnvil(options)
  const chain = defineChain({
    id: 31_337,
    name: 'test',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [first.url] } },
  })
  const account = privateKeyToAccount(developmentKeys[5])
  const client = createWalletClient({ account, chain, transport: http(), pollingInterval: 20 }).extend(publicActions)
  const to = '0x00000000000000000000000000000000000000aa'
  for (let i = 0; i < 5; i++) {
    const hash = await client.sendTransaction({ to, value: parseEther('1') })
    expect((await client.waitForTransactionReceipt({ hash })).status).toBe('success')
  }
  await first.stop()
  const second = await startAnvil(options)
  expect(await client.getBalance({ address: to })).toBe(parseEther('5'))
  await second.stop()
})

test('the chain leaves nothing in the home directory, however many blocks it has', async () => {
  const home = join(dir, 'home')
  mkdirSync(home)
  vi.stubEnv('HOME', home)
  const chain = await startAnvil({ stateFile: undefined, logFile: join(dir, 'home.log'), port: await freePort() })
  try {
    await jsonRpc(chain.url, 'anvil_mine', ['0x2bc'], 30_000) // 700, of which 500 stay in memory
    expect(await jsonRpc(chain.url, 'eth_blockNumber', [], 5_000)).toBe('0x2bc')
    expect(readdirSync(home)).toEqual([])
  } finally {
    vi.unstubAllEnvs()
    await chain.stop()
  }
})

test('a chain state that was cut off is refused with what to do', async () => {
  const stateFile = join(dir, 'damaged.json')
  writeFileSync(stateFile, '{"block":{"number":')
  const options = { stateFile, logFile: join(dir, 'damaged.log'), port: await freePort() }
  await expect(startAnvil(options)).rejects.toThrow(/damaged .* --reset$/)
})

/** A test run that is killed must not leave servers behind. */
test('services end when the process that started them is killed', async () => {
  const port = await freePort()
  const script = join(dir, 'start.ts')
  const entry = new URL('./start-redis.ts', import.meta.url).pathname
  const options = { dataDir: join(dir, 'orphan'), port, cacheDir: projectCacheDir() }
  writeFileSync(
    script,
    `import { startRedis } from ${JSON.stringify(entry)}
     const { pid } = await startRedis(${JSON.stringify(options)})
     process.stdout.write(String(pid), () => process.kill(process.pid, 'SIGKILL'))`,
  )
  let printed = ''
  try {
    printed = execFileSync(process.execPath, [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch (error) {
    printed = (error as { stdout: string }).stdout
  }
  const pid = Number(printed)
  expect(pid).toBeGreaterThan(1)
  for (let i = 0; i < 600 && isAlive(pid); i++) await sleep(50)
  expect(isAlive(pid)).toBe(false)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a test stack gives each file its own migrated databases, and crashes keep what was committed', async () => {
  const stack = await startTestStack({ postgres: true, redis: true })
  try {
    const other = await stack.freshDatabase()
    expect(other).not.toBe(stack.databaseUrl)
    const count = 'select count(*)::int as n from _prisma_migrations'
    expect(await queryOne(other, count)).toEqual(await queryOne(stack.databaseUrl, count))
    await queryOne(stack.databaseUrl, 'create table only_here as select 1 as one')
    expect(await queryOne(other, `select to_regclass('only_here') as t`)).toEqual({ t: null })
    await stack.crash('postgres')
    expect(await queryOne(stack.databaseUrl, 'select one from only_here')).toEqual({ one: 1 })
    expect(() => stack.chainRpcUrl).toThrow('started without chain')
  } finally {
    await stack.stop()
  }
  expect(existsSync(stack.dir)).toBe(false)
})
