/** A log whose process is killed at any instant, or whose disk takes no more: what was said to be on the disk is. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { AppendLog } from './append-log.ts'

const directory = await mkdtemp(join(tmpdir(), 'isochrone-append-kill-'))
afterAll(() => rm(directory, { recursive: true }))

/** Runs the log at `path`, under `limit` if there is one, until it ends or has said `linesMax` lines; resolves with those. */
async function appendAndKill(path: string, run: number, linesMax: number, limit = 'true'): Promise<string[]> {
  const script = join(import.meta.dirname, 'append-log-process.ts')
  const shell = ['-c', `${limit} && exec "$0" "$@"`, process.execPath, script, path, String(run)]
  const child = spawn('/bin/sh', shell, { stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = new Promise((resolve) => child.once('close', resolve))
  let output = ''
  let errors = ''
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()))
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString()
    if (output.split('\n').length > linesMax) child.kill('SIGKILL')
  })
  await gone
  expect(errors).toBe('')
  return output.split('\n').slice(0, -1)
}

async function idsIn(path: string): Promise<{ log: AppendLog; ids: string[] }> {
  const ids: string[] = []
  const log = await AppendLog.open(path, (line) => ids.push((line as { id: string }).id))
  return { log, ids }
}

test('after kill -9 every line that was on the disk is read once, and each run goes on behind the last', async () => {
  const path = join(directory, 'killed.jsonl')
  const said: string[] = []
  for (const [run, lines] of [700, 33, 415].entries()) {
    said.push(...(await appendAndKill(path, run, lines)))
    const linesBytes = (await readFile(path)).findLastIndex((byte) => byte !== 0) + 1
    expect((await stat(path)).size).toBeGreaterThan(linesBytes)
  }
  expect(said.length).toBeGreaterThanOrEqual(700 + 33 + 415)
  const { log, ids } = await idsIn(path)
  expect(new Set(ids).size).toBe(ids.length)
  expect(said.filter((id) => !ids.includes(id))).toEqual([])
  for (const worker of [0, 1, 2, 3]) {
    const ofWorker = ids.filter((id) => id.startsWith(`2-${worker}-`))
    expect(ofWorker).toEqual(ofWorker.map((_, i) => `2-${worker}-${i}`))
  }
  await log.close()
  expect((await readFile(path)).includes(0)).toBe(false)
})

test('a disk that takes no zeros lets the log grow until it takes no lines either, and loses none', async () => {
  const path = join(directory, 'full.jsonl')
  // In blocks of 512 or 1,024 bytes, as the shell has it: less than a piece of room.
  const said = await appendAndKill(path, 0, 10_000, 'ulimit -f 600')
  expect(said.filter((line) => line.startsWith('failed'))).toEqual(['failed with EFBIG'])
  const durable = said.filter((line) => !line.startsWith('failed'))
  expect(durable.length).toBeGreaterThan(20)
  // Closed, it ends with its last whole line.
  expect((await readFile(path, 'latin1')).endsWith('"}\n')).toBe(true)
  const { log, ids } = await idsIn(path)
  expect(durable.filter((id) => !ids.includes(id))).toEqual([])
  await log.close()
})
