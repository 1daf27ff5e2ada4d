/** One step of `bench:verify-epoch` in a process of its own: `make PATH N`, or `verify PATH` with figures on stdout. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { deserialize, serialize } from 'node:v8'
import { sentenceOf, verifyEpoch } from '@isochrone/verifier'
import { makeEpoch, memoryChain, type MadeEpoch } from '@isochrone/verifier/testing'
import { openFile } from './open-file.ts'

const [step, path = '', count = '0'] = process.argv.slice(2)
if (step === 'make') {
  const made = await makeEpoch(path, { receipts: Number(count) })
  await writeFile(`${path}.made`, serialize(made))
} else {
  const made = deserialize(await readFile(`${path}.made`)) as MadeEpoch
  const start = performance.now()
  const report = await verifyEpoch({
    open: () => openFile(path),
    chain: memoryChain([made]),
  })
  const seconds = round((performance.now() - start) / 1_000)
  if (report.firstMismatch) throw new Error(sentenceOf(report.firstMismatch))
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const figures = {
    receipts: report.receipts,
    seconds,
    cpuSeconds: round((userCPUTime + systemCPUTime) / 1e6),
    peakRssMib: Math.round(maxRSS / 1_024),
    fileMib: round((await stat(path)).size / 2 ** 20),
  }
  process.stdout.write(JSON.stringify(figures))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
