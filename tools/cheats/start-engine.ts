/** Engines as processes of their own, for nodes that drive an OpenAI-compatible server: honest ones and others. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, spawnService } from '@isochrone/local-stack'
import { childEnv } from '@isochrone/runtime'
import { projectRoot } from '../project-root.ts'
import { answersHttp } from '../start/processes.ts'
import type { EmptyMarket } from './empty-market.ts'

const nodeFlags = ['--disable-warning=ExperimentalWarning']

export interface Engine {
  readonly url: string
  readonly modelHash: string
  readonly log: string
}

async function start(world: EmptyMarket, name: string, args: readonly string[], port: number): Promise<Engine> {
  const url = `http://127.0.0.1:${port}`
  const log = join(world.dir, 'logs', `engine-${name}.log`)
  world.processes.push(
    await spawnService({
      name: `the engine ${name}`,
      command: process.execPath,
      args: [...nodeFlags, ...args],
      cwd: projectRoot,
      logFile: log,
      env: childEnv({ LOG_LEVEL: 'info', ISOCHRONE_ENVIRONMENT: 'development' }),
      isReady: () => answersHttp(`${url}/health`),
      readyLimitMs: 120_000,
    }),
  )
  const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { model_hash: string }[] }
  return { url, modelHash: data[0]?.model_hash ?? '', log }
}

/** llama.cpp with the demo model, or with another file under its name. */
export async function startLlama(world: EmptyMarket, name: string, model: readonly string[] = []): Promise<Engine> {
  const port = await freePort()
  const modelsDir = join(world.dir, 'models')
  const main = join(projectRoot, 'apps/agent/src/main.ts')
  return start(world, name, [main, 'serve-engine', '--port', String(port), '--models-dir', modelsDir, ...model], port)
}

/** Stands before `engine`, has it do a third of each answer, and reports three times as many tokens as there are. */
export async function startInflated(world: EmptyMarket, name: string, engine: Engine): Promise<Engine> {
  const port = await freePort()
  return start(world, name, [join(projectRoot, 'tools/cheats/inflated-engine.ts'), engine.url, String(port)], port)
}

export interface CountedTokens {
  path: string
  tokensIn: number
  tokensCached: number
  tokensOut: number
}

/** What the engine behind an inflated one really counted, answer by answer. */
export function trueCounts({ log }: Engine): CountedTokens[] {
  const lines = readFileSync(log, 'utf8').split('\n')
  return lines.filter((line) => line.startsWith('{"path"')).map((line) => JSON.parse(line) as CountedTokens)
}

/** Another real model with the demo model's vocabulary: one layer instead of two, weights of its own. Its file. */
export async function writeSmallerModel({ dir }: EmptyMarket): Promise<string> {
  const path = join(dir, 'smaller.gguf')
  const code = `import { writeFileSync } from 'node:fs'
import { buildDemoModel } from './apps/agent/src/gguf/demo-model.ts'
writeFileSync(${JSON.stringify(path)}, buildDemoModel({ layers: 1, seed: 7 }))`
  const args = [...nodeFlags, '--input-type=module', '-e', code]
  await promisify(execFile)(process.execPath, args, { cwd: projectRoot, timeout: 120_000 })
  return path
}
