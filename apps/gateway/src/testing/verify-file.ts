/** The public verifier over epoch files, with a chain in memory that anchored what the lane signed. For tests. */
import { createReadStream } from 'node:fs'
import { decodeStruct, readEpochFile, type EpochFileLine, type Hex, type StructJson } from '@isochrone/protocol'
import { sentenceOf, verifyEpoch, type EpochReport } from '@isochrone/verifier'
import { memoryChain, type MadeEpoch } from '@isochrone/verifier/testing'

export interface PublishedFile {
  path: string
  anchor: StructJson
  anchorSignature: string
}

/** Every mismatch as a sentence; empty when each file is what its anchor says and everything in it follows. */
export async function mismatchesIn(...files: PublishedFile[]): Promise<string[]> {
  return (await reportsOf(...files)).flatMap(({ mismatches }) => mismatches.map(sentenceOf))
}

/** What the verifier says of each file, given those before it. */
export async function reportsOf(...files: PublishedFile[]): Promise<EpochReport[]> {
  const chain = memoryChain(await Promise.all(files.map(madeEpochOf)))
  const reports: EpochReport[] = []
  for (const [index, { path }] of files.entries()) {
    const previous = files.slice(0, index).map((file) => () => createReadStream(file.path))
    reports.push(await verifyEpoch({ open: () => createReadStream(path), chain, previous, threads: 0 }))
  }
  return reports
}

async function madeEpochOf({ path, anchor, anchorSignature }: PublishedFile): Promise<MadeEpoch> {
  const lines: EpochFileLine[] = []
  for await (const { line } of readEpochFile(createReadStream(path))) lines.push(line)
  const header = lines.find((line) => line.kind === 'header')
  const terms = lines.find((line) => line.kind === 'terms')
  if (!header || !terms) throw new Error('an epoch file without header or terms')
  const value = decodeStruct('EpochAnchor', anchor)
  return {
    header,
    anchor: { value, signature: anchorSignature as Hex },
    vouchers: lines.flatMap((line) => (line.kind === 'voucher' ? [line.voucher] : [])),
    records: lines.flatMap((line) => (line.kind === 'record' ? [line.record] : [])),
    terms: { terms: terms.terms, termsHash: value.root, document: terms.document },
    signedAfter: new Map(),
    fileBytes: 0,
    dataHash: value.dataHash,
  }
}
