#!/usr/bin/env node
/**
 * A stand-in for Prisma's native schema engine, for machines on which that cannot be downloaded.
 *
 * Prisma's CLI starts its schema engine as a child and talks JSON-RPC over its stdio. This one answers the same calls
 * with the WebAssembly build of the engine and the pg driver adapter. `tools/db` points the CLI at it; the running
 * project never loads it.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
} from '@prisma/driver-adapter-utils'
import pg from 'pg'

interface Call {
  readonly id: number
  readonly method?: string
  readonly params?: unknown
}

/** The part of the WebAssembly API that is used here; our TypeScript libraries leave the browser's types out. */
interface WasmApi {
  readonly RuntimeError: new () => Error
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>
}
const wasm = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly

type Engine = Record<string, (params: unknown) => Promise<unknown>>

interface EngineModule {
  __wbg_set_wasm(exports: unknown): void
  SchemaEngine: { new: (options: unknown, log: () => void, factory: unknown) => Promise<Engine> }
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    datamodels: { type: 'string', multiple: true },
    datasource: { type: 'string' },
    version: { type: 'boolean' },
  },
})
const datasource = JSON.parse(String(flags.datasource ?? '{}')) as { url?: string }

/** `can-connect-to-database`, `create-database` and `drop-database`: the CLI reads exit code and stderr. */
async function runDatabaseCommand(command: string): Promise<void> {
  const { database } = connection()
  const statements: Record<string, string> = {
    'create-database': `create database ${pg.escapeIdentifier(database)}`,
    'drop-database': `drop database ${pg.escapeIdentifier(database)}`,
  }
  try {
    const sql = statements[command]
    await withClient(sql ? 'postgres' : database, (client) => client.query(sql ?? 'select 1'))
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    const errorCode = code === '3D000' ? 'P1003' : code?.startsWith('28') ? 'P1000' : 'P1001'
    const report = { level: 'ERROR', target: 'schema_engine::logger', fields: { message, error_code: errorCode } }
    // The CLI drops the first line and parses the rest.
    process.stderr.write(`\n${JSON.stringify(report)}\n`)
    process.exitCode = 1
  }
}

/** Answers calls one after the other until stdin closes. */
async function serve(): Promise<void> {
  const { SchemaEngine } = await loadEngineModule()
  const paths = (flags.datamodels ?? []) as string[]
  const datamodels = paths.length > 0 ? paths.map((path) => [path, readFileSync(resolve(path), 'utf8')]) : undefined
  const factory = bindMigrationAwareSqlAdapterFactory(new EnginePg(connection()))
  let engine: Engine | undefined
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const { id, method, params } = JSON.parse(line) as Call
    if (!method) continue // The CLI acknowledges what we printed.
    try {
      engine ??= await SchemaEngine.new({ datamodels }, () => {}, factory)
      const result = await engine[method === 'getDatabaseVersion' ? 'version' : method]?.(params ?? {})
      const stdout = method === 'diff' ? (result as { stdout?: string } | undefined)?.stdout : undefined
      if (stdout) reply({ id: 1_000_000 + id, method: 'print', params: { content: stdout } })
      reply({ id, result: result ?? {} })
    } catch (error) {
      const { message, code, meta } = error as { message: string; code?: string; meta?: unknown }
      const data = { is_panic: error instanceof wasm.RuntimeError, message, error_code: code, meta }
      reply({ id, error: { code: 4466, message, data } })
    }
  }
}

/** Loads the engine without its ES module wrapper, which wants a bundler to import `.wasm` files. */
async function loadEngineModule(): Promise<EngineModule> {
  const glue = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const module = (await import(glue)) as EngineModule
  const bytes = readFileSync(join(dirname(glue), 'schema_engine_bg.wasm'))
  const imports = { './schema_engine_bg.js': module }
  const { instance } = await wasm.instantiate(bytes, imports)
  module.__wbg_set_wasm(instance.exports)
  ;(instance.exports.__wbindgen_start as () => void)()
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      message: '',
      set_message(message: string) {
        this.message = message
      },
      get() {
        return this.message
      },
    },
  })
  return module
}

/** The pg adapter with two gaps closed that only the schema engine meets. */
class EnginePg extends PrismaPg {
  override async connect() {
    const adapter = await super.connect()
    return closeGaps(adapter)
  }
}

interface Internals {
  performIO(query: unknown): Promise<{ fields?: { dataTypeID: number }[] }>
  underlyingDriver(): { query(sql: string): Promise<unknown> }
  onError(error: unknown): never
}

function closeGaps<A extends SqlDriverAdapter>(adapter: A): A {
  const internals = adapter as unknown as Internals
  const performIO = internals.performIO.bind(adapter)
  const queryRaw = adapter.queryRaw.bind(adapter)
  // PostgreSQL's one-byte "char" (oid 18) has no column type in the adapter: read it as text, then name it a character.
  adapter.queryRaw = async (query) => {
    const characters: number[] = []
    internals.performIO = async (inner) => {
      const result = await performIO(inner)
      result.fields?.forEach((field, index) => {
        if (field.dataTypeID !== 18) return
        field.dataTypeID = 25
        characters.push(index)
      })
      return result
    }
    const pending = queryRaw(query)
    internals.performIO = performIO
    const result = await pending
    for (const index of characters) result.columnTypes[index] = ColumnTypeEnum.Character
    return result
  }
  // The adapter splits scripts at every semicolon, which breaks function bodies and string literals.
  adapter.executeScript = async (sql) => {
    try {
      await internals.underlyingDriver().query(sql)
    } catch (error) {
      internals.onError(error)
    }
  }
  return adapter
}

/** As parts, because in pg a connection string would win over a database that is named beside it. */
function connection() {
  const url = new URL(datasource.url ?? 'postgresql://offline.invalid/none')
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  }
}

async function withClient(database: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ ...connection(), database })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}

function reply(message: object): void {
  print(JSON.stringify({ jsonrpc: '2.0', ...message }))
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

// Last, because classes are not hoisted.
if (flags.version) print('schema-engine (WebAssembly)')
else if (positionals[0] === 'cli') await runDatabaseCommand(String(positionals[1]))
else await serve()
