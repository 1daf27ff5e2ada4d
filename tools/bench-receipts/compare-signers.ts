/**
 * `npm run compare:signers -- --count 1000000`: signs random digests with random keys by our own signer and by the best library
 * that loads, and compares every byte; and for each four of them one signature of a key that has a table is checked by that table
 * and by the library, as it is and with a fault. Part of `npm run test:long`; the tests of both compare a thousand.
 *
 * A fault of arithmetic that shows once in many millions of signatures would be found by whoever checks a receipt; here it
 * is looked for before. The seed prints first, and replays a run. Exits 1 at the first difference.
 */
import { createHash } from 'node:crypto'
import { bytesToHex, secp256k1BackendNamed, type Secp256k1Backend } from '@isochrone/protocol'
import { readFlags, wholeFlag } from '@isochrone/runtime'
import { endWithoutReader } from '../end-without-reader.ts'
import { compareKnownSigners } from './compare-known.ts'

endWithoutReader()
const REPORT_EVERY = 100_000
const values = readFlags('npm run compare:signers --', {
  count: { type: 'string', default: '1000000' },
  seed: { type: 'string', default: String(Date.now()) },
  help: { type: 'boolean' },
})
if (values.help) {
  process.stdout.write('npm run compare:signers -- [--count N] [--seed TEXT]\n')
  process.exit(0)
}
const count = wholeFlag('count', values.count ?? '', 1)
const own = secp256k1BackendNamed('own')
const library = secp256k1BackendNamed('native') ?? secp256k1BackendNamed('wasm')
if (own === null || library === null) {
  process.stderr.write(`There is nothing to compare: ${own === null ? 'our own signer' : 'no library'} loads here.\n`)
  process.exit(1)
}
process.stdout.write(
  `${count.toLocaleString('en')} signatures, ours and the library's (${library.name}), seed ${values.seed}\n`,
)
const compareKnown = compareKnownSigners(library, values.seed ?? '')
const startedAt = performance.now()
for (let i = 0; i < count; i++) {
  const difference = compare(own, library, bytesOf(`${values.seed}/${i}/digest`), bytesOf(`${values.seed}/${i}/key`))
  if (difference !== null) {
    process.stderr.write(`Signature ${i} differs: ${difference}\n`)
    process.exit(1)
  }
  const knownDifference = i % 4 === 0 ? compareKnown(i / 4) : null
  if (knownDifference !== null) {
    process.stderr.write(`Known signer ${i} is not what the library finds: ${knownDifference}\n`)
    process.exit(1)
  }
  if ((i + 1) % REPORT_EVERY === 0) process.stderr.write(`${(i + 1).toLocaleString('en')} are the same\n`)
}
const seconds = (performance.now() - startedAt) / 1_000
process.stdout.write(
  `All ${count.toLocaleString('en')} are the same, byte for byte, and signatures of known keys are judged alike (${seconds.toFixed(0)} s)\n`,
)

/** Null where they are the same, or in words what is not. */
function compare(ours: Secp256k1Backend, theirs: Secp256k1Backend, digest: Uint8Array, key: Uint8Array): string | null {
  const left = ours.sign(digest, key)
  const right = theirs.sign(digest, key)
  if (left.recid === right.recid && Buffer.compare(left.signature, right.signature) === 0) return null
  return `${bytesToHex(left.signature)}/${left.recid} is ours, ${bytesToHex(right.signature)}/${right.recid} the library's`
}

/** A key is out of range once in 2¹²⁷, and would end the run. */
function bytesOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
