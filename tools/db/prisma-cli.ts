/**
 * Runs Prisma's CLI with a schema engine that needs no download.
 *
 * A native engine that is already on the machine is left alone; otherwise the CLI gets our WebAssembly stand-in.
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { childEnv } from '@isochrone/runtime'
import { projectRoot } from '../project-root.ts'

export interface PrismaResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `prisma ARGS` in the project's root and collects what it prints; never throws for a failing command. */
export async function runPrisma(args: readonly string[], databaseUrl?: string): Promise<PrismaResult> {
  const manifest = createRequire(import.meta.url).resolve('prisma/package.json')
  const cli = join(dirname(manifest), 'build/index.js')
  // The stand-in is started by its `#!` line, which must find Node 24 first.
  const env = childEnv({
    PATH: `${dirname(process.execPath)}${delimiter}${childEnv({}).PATH ?? ''}`,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    ...(!hasNativeEngine(manifest) && { PRISMA_SCHEMA_ENGINE_BINARY: standIn() }),
  })
  const child = spawn(process.execPath, [cli, ...args], { cwd: projectRoot, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (stderr += String(chunk)))
  const code = await new Promise<number>((resolve) => child.on('close', (exit) => resolve(exit ?? 1)))
  return { code, stdout, stderr }
}

function hasNativeEngine(prismaManifest: string): boolean {
  const engines = dirname(createRequire(prismaManifest).resolve('@prisma/engines/package.json'))
  return readdirSync(engines).some((file) => file.startsWith('schema-engine-'))
}

function standIn(): string {
  const file = join(projectRoot, 'packages/db/src/schema-engine.ts')
  if (!existsSync(file)) throw new Error(`${file} is missing`)
  chmodSync(file, 0o755)
  return file
}
