/**
 * Signers that are expected again and again: what one of them signed is checked by a table of its key, in half the time that a library
 * takes to recover who signed.
 *
 * Only what the library would recover is accepted, and what is not accepted is not refused: the caller asks the library, which alone
 * refuses. A key comes from the library too, together with the address that it was expected to have, and
 * its table must first find what the library found. Whoever signs with many keys wins nothing: making a table costs as much as a dozen checks
 * save, a key has one only after {@link CHECKS_BEFORE} recoveries, and there are never more than the module has room for.
 */
import { randomBytes } from 'node:crypto'
import { bytesToHex, type Hex } from '../hex.ts'
import type { Secp256k1Backend } from '../secp256k1-backends.ts'
import { checkSignature, prepareChecks } from './check-signature.ts'
import { writeComb } from './comb-table.ts'
import { createKnownModule, type KnownModule } from './known-module.ts'
import type { SignedDigest } from './signed-digest.ts'

/** Tables of 24 KiB each, written when they are needed. */
export const KNOWN_SIGNERS_MAX = 256
/** Signatures of one key that the library recovers before the key has a table. */
export const CHECKS_BEFORE = 64
/** Keys whose signatures are counted. Where they are more, counting begins anew. */
const COUNTED_MAX = 4_096
/** How many signatures of a random key are held against the library's word at first, each with a fault too. */
const TRIALS = 16

export interface KnownSigners {
  /** Does now what the first table would wait for, some tens of milliseconds; false where there will be none. */
  prepare(): boolean
  /** Whether the library would recover this signer. False also where that is not known here. */
  hasSigned(signer: Hex, signed: SignedDigest): boolean
  /**
   * Takes note of a signer that was expected and that the library recovered.
   * @param publicKey uncompressed, 65 bytes.
   */
  recovered(signer: Hex, publicKey: Uint8Array, signed: SignedDigest): void
}

interface Table {
  number: number
  /** By the count of all checks. */
  usedAt: number
}

export function createKnownSigners(library: Secp256k1Backend, tablesMax = KNOWN_SIGNERS_MAX): KnownSigners {
  const tables = new Map<Hex, Table>()
  const counts = new Map<Hex, number>()
  /** Numbers of tables that no signer has; 0 is G's. */
  const free = Array.from({ length: tablesMax }, (_, i) => tablesMax - i)
  let checks = 0
  let module: KnownModule | null | undefined

  /** Null where WebAssembly lacks what it takes, or where it reckons otherwise than the library. */
  function preparedModule(): KnownModule | null {
    if (module !== undefined) return module
    module = null
    try {
      const made = createKnownModule(tablesMax)
      prepareChecks(made)
      if (agreesWithLibrary(made, library)) module = made
    } catch {
      // The library does it alone.
    }
    return module
  }

  /** Takes its table from whoever signed longest ago, if nobody's is left. */
  function freeTable(): number {
    if (free.length === 0) {
      const [signer, { number }] = [...tables].reduce((left, right) =>
        left[1].usedAt < right[1].usedAt ? left : right,
      )
      tables.delete(signer)
      free.push(number)
    }
    return free.pop() as number
  }

  return {
    prepare: () => preparedModule() !== null,
    hasSigned(signer, signed) {
      const table = tables.get(signer)
      if (!module || table === undefined) return false
      table.usedAt = ++checks
      return checkSignature(module, table.number, signed)
    },
    recovered(signer, publicKey, signed) {
      // One that has a table and that the library had to recover all the same: a sum met its like.
      if (tables.has(signer)) return
      const count = (counts.get(signer) ?? 0) + 1
      if (count < CHECKS_BEFORE) {
        if (counts.size >= COUNTED_MAX) counts.clear()
        counts.set(signer, count)
        return
      }
      counts.delete(signer)
      const known = preparedModule()
      if (known === null) return
      const number = freeTable()
      writeComb(known, number, pointOf(publicKey))
      if (checkSignature(known, number, signed)) tables.set(signer, { number, usedAt: ++checks })
      else free.push(number)
    },
  }
}

/** Whether signatures of a random key are found to be its own, and with a fault are not. */
function agreesWithLibrary(module: KnownModule, library: Secp256k1Backend): boolean {
  const key = randomBytes(32)
  writeComb(module, 1, pointOf(library.publicKey(key)))
  return Array.from({ length: TRIALS }, () => {
    const digest = randomBytes(32)
    const signed = { digest, ...library.sign(digest, key) }
    return checkSignature(module, 1, signed) && !checkSignature(module, 1, { ...signed, recid: 1 - signed.recid })
  }).every(Boolean)
}

function pointOf(uncompressed: Uint8Array): { x: bigint; y: bigint } {
  return { x: BigInt(bytesToHex(uncompressed.subarray(1, 33))), y: BigInt(bytesToHex(uncompressed.subarray(33, 65))) }
}
