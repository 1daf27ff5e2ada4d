/** kill -9 of a lane at any instant: nothing that was answered is lost, nothing is billed twice. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeStruct, receiptStreamEntry } from '@isochrone/protocol'
import { afterAll, expect, test, vi } from 'vitest'
import type { Journal } from '../journal/journal.ts'
import { openJournal } from '../journal/open-journal.ts'
import { createLane } from './create-lane.ts'
import { channelId, contracts, intentOf, laneKey, node, nodeId, silentLogger, workOf } from './lane-fixtures.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'lane-kill-'))
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

/** Lets a lane serve for a while, kills it, and returns what it said was durable. */
async function serveAndKill(run: number, lines: number): Promise<{ opened: string[]; done: string[] }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'lane-process.ts'), dataDir, String(run)])
  let output = ''
  let errors = ''
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()))
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the lane ended by itself (${String(code)}): ${errors}`)))
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString()
      if (output.split('\n').length > lines) resolve()
    })
  })
  child.removeAllListeners('exit')
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await gone
  const rows = output.split('\n').slice(0, -1)
  const named = (verb: string) => rows.filter((row) => row.startsWith(verb)).map((row) => row.slice(verb.length + 1))
  return { opened: named('open'), done: named('done') }
}

/** Epoch numbers of the entries of that type, repeated ones as often as they are there. */
async function epochsOf(journal: Journal, type: 'epoch-closed' | 'performance-signed'): Promise<number[]> {
  const epochs: number[] = []
  for await (const { kind, payload } of journal.read(1)) {
    if (kind !== 'published') continue
    const entry = receiptStreamEntry.parse(JSON.parse(payload.toString()))
    if (entry.type === 'epoch-closed' && type === entry.type) epochs.push(Number(entry.anchor.epoch))
    if (entry.type === 'performance-signed' && type === entry.type) epochs.push(Number(entry.record.epoch))
  }
  return epochs.toSorted((a, b) => a - b)
}

test(
  'after kill -9 every answered request has one receipt, open ones are billed once, each epoch has one record',
  { timeout: 240_000 },
  async () => {
    const runs = []
    for (const [run, lines] of [300, 177, 941].entries()) runs.push(await serveAndKill(run, lines))
    const opened = runs.flatMap((run) => run.opened)
    const done = runs.flatMap((run) => run.done)

    const journal = await openJournal({ dir: join(dataDir, 'journal') })
    const lane = await createLane({
      journal,
      privateKey: laneKey,
      region: 'local',
      contracts,
      epochMs: 60_000,
      dataDir,
      nodeOf: () => node,
      logger: silentLogger,
    })
    for (const requestId of opened) {
      const answer = await lane.presentWork(nodeId, workOf(intentOf(requestId)).signed)
      expect([requestId, answer?.reason]).toEqual([requestId, null])
    }
    await lane.closeEpoch()

    // What earlier processes left due goes out with what this one closed.
    const closedEpochs = await epochsOf(journal, 'epoch-closed')
    await vi.waitFor(async () => expect(await epochsOf(journal, 'performance-signed')).toEqual(closedEpochs), {
      timeout: 240_000,
      interval: 1_000,
    })

    const billed = new Map<string, number>()
    const seqs: number[] = []
    let anchoredMicroUsd = 0n
    for await (const { kind, payload } of journal.read(1)) {
      if (kind !== 'published') continue
      const entry = receiptStreamEntry.parse(JSON.parse(payload.toString()))
      if (entry.type === 'epoch-closed') {
        anchoredMicroUsd += decodeStruct('EpochAnchor', entry.anchor).sum
        continue
      }
      if (!('receipts' in entry)) continue
      billed.set(entry.request.requestId, (billed.get(entry.request.requestId) ?? 0) + entry.receipts.length)
      seqs.push(...entry.receipts.map(({ delivery }) => Number(delivery.seq)))
    }
    expect(done.filter((requestId) => !billed.has(requestId))).toEqual([])
    expect(opened.filter((requestId) => billed.get(requestId) !== 1)).toEqual([])
    expect(seqs).toEqual(seqs.map((_, i) => i + 1))
    expect(anchoredMicroUsd).toBe(40n * BigInt(seqs.length))
    expect(lane.signedMicroUsd(channelId)).toBe(anchoredMicroUsd)
    await journal.close()
  },
)
