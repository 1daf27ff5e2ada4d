/**
 * `npm start`: brings up a whole marketplace on this machine, prints how to use it, and stops it on Ctrl-C.
 *
 * stdout carries the result alone (one JSON line with `--json`); progress and trouble go to stderr.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { externalServicesEnv, loadEnv } from '@isochrone/runtime'
import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { projectRoot } from '../project-root.ts'
import type { InstanceInfo } from './instance-file.ts'
import { lockInstance } from './instance-lock.ts'
import { startMarketplace, type Marketplace } from './marketplace.ts'
import { modelSource } from './model-source.ts'
import { defaultPorts, portNames, type PortName } from './ports.ts'
import { consoleProgress } from './progress.ts'
import { resetData } from './reset-data.ts'
import { describeStartError, StartError } from './start-error.ts'

type Flags = Partial<Record<`${PortName}Port`, number>> & {
  reset?: true
  json?: true
  model?: string
  dataDir: string
}

const flags = parseFlags()
const progress = consoleProgress()
const abort = new AbortController()
let marketplace: Marketplace | undefined
let exitCode = 0

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (abort.signal.aborted) return
    abort.abort(new StartError('Stopped before it was ready.'))
    if (marketplace) void shutDown()
  })
}

try {
  if (flags.reset) reset(flags.dataDir)
  const ports = Object.fromEntries(
    portNames.flatMap((name) => (flags[`${name}Port`] === undefined ? [] : [[name, flags[`${name}Port`]]])),
  )
  marketplace = await startMarketplace({
    dataDir: flags.dataDir,
    ports,
    model: flags.model === undefined ? undefined : modelSource(flags.model, callerDir()),
    progress,
    signal: abort.signal,
    onGivenUp: (name) => {
      progress.note(`${name} cannot be kept running; stopping. Its log is in ${join(flags.dataDir, 'logs')}.`)
      exitCode = 1
      void shutDown()
    },
  })
  if (abort.signal.aborted) await shutDown()
  announce(marketplace.info)
} catch (error) {
  process.stderr.write(`\n${describeStartError(error)}\n`)
  process.exit(abort.signal.aborted ? 130 : 1)
}

async function shutDown(): Promise<never> {
  process.stderr.write('\nStopping…\n')
  // A stop must end: what has not stopped by then is ended by the reaper when this process exits.
  setTimeout(() => process.exit(1), 15_000).unref()
  await marketplace?.stop()
  process.exit(exitCode)
}

function parseFlags(): Flags {
  const program = new Command('npm start --')
    .description(
      'Runs an Isochrone marketplace on this machine: Postgres, Redis, a chain, gateway, worker, two witnesses, five nodes, web.',
    )
    .option('--reset', 'delete the kept data first and start afresh')
    .option('--json', 'print one line of JSON when ready: url, gatewayUrl, apiKey, signIns, model')
    .option('--model <file|uri>', 'serve a GGUF model of your own on the CPU nodes (a URI is fetched)')
    .option('--data-dir <dir>', 'where data is kept', join(projectRoot, '.data'))
    .showHelpAfterError()
  for (const name of portNames) {
    program.option(`--${name}-port <port>`, `port of ${name} (default: ${defaultPorts[name]})`, parsePort)
  }
  const parsed = program.parse().opts<Flags>()
  return { ...parsed, dataDir: resolve(parsed.dataDir) }
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is 1 to 65535')
  return port
}

/** npm runs its scripts in the project; where the person called from is in INIT_CWD. */
function callerDir(): string {
  return loadEnv(z.object({ INIT_CWD: z.string().optional() })).INIT_CWD ?? process.cwd()
}

/** Empties the data directory of a marketplace that does not run. */
function reset(dataDir: string): void {
  const external = loadEnv(externalServicesEnv)
  const theirs = (['DATABASE_URL', 'REDIS_URL', 'CHAIN_RPC_URL'] as const).filter((name) => external[name])
  if (theirs.length > 0) {
    throw new StartError(
      `--reset does not touch servers of your own (${theirs.join(', ')}): empty those yourself, then start without --reset.`,
    )
  }
  if (!existsSync(dataDir)) return
  const lock = lockInstance(dataDir)
  lock.release()
  resetData(dataDir)
}

function announce(info: InstanceInfo): void {
  const { url, gatewayUrl, apiKey, signIns, model } = info
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ url, gatewayUrl, apiKey, signIns, model })}\n`)
    return
  }
  const people = signIns.map(({ role, email, password }) => `    ${role.padEnd(9)} ${email.padEnd(28)} ${password}`)
  const body = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 64 })
  const lines = [
    '',
    '  Isochrone is ready.',
    '',
    `  Web       ${url}`,
    `  Gateway   ${gatewayUrl}/v1`,
    `  API key   ${apiKey}`,
    '',
    '  Sign in as (development only)',
    ...people,
    '',
    `  A first request${flags.model === undefined ? ' (the demo model talks nonsense: its weights are random)' : ''}`,
    '',
    `  curl -N ${gatewayUrl}/v1/chat/completions \\`,
    `    -H 'authorization: Bearer ${apiKey}' -H 'content-type: application/json' \\`,
    `    -d '${body}'`,
    '',
    '  Ctrl-C stops everything.',
    '',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
