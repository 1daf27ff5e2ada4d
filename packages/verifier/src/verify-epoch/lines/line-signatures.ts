/** The signatures that an epoch file's lines carry, handed on to be checked elsewhere under the domain of its header. */
import {
  bytes32ToAddress,
  digestOfHash,
  structHashBytes,
  type EpochFileHeader,
  type Hex,
  type SigningDomain,
  type Struct,
  type StructName,
} from '@isochrone/protocol'
import type { Findings } from '../report.ts'
import type { SignatureToCheck } from '../signature-pool.ts'

/** A signature of the structure with this hash. */
export interface LineSignature extends Pick<SignatureToCheck, 'line' | 'what' | 'seq' | 'signature'> {
  hash: Uint8Array
  /** A node or lane: an address in 32 bytes. */
  signer: Hex
  /** Default: the payment channels, under which receipts are signed. */
  verifyingContract?: Hex
}

export class LineSignatures {
  readonly #findings: Findings
  readonly #header: EpochFileHeader
  readonly #check: (signature: SignatureToCheck) => void

  constructor(findings: Findings, header: EpochFileHeader, check: (signature: SignatureToCheck) => void) {
    this.#findings = findings
    this.#header = header
    this.#check = check
  }

  add({ line, what, seq, hash, signature, signer, verifyingContract }: LineSignature): void {
    let address: Hex
    try {
      address = bytes32ToAddress(signer)
    } catch {
      const whose = seq === null ? what : `${what} receipt ${seq}`
      this.#findings.add('signatures', line, whose, 'a signer named by an address', signer)
      return
    }
    const { chainId, paymentChannels } = this.#header
    const domain: SigningDomain = { chainId, verifyingContract: verifyingContract ?? paymentChannels }
    this.#check({ digest: digestOfHash(domain, hash), signature, signer: address, line, what, seq })
  }

  /** Of a structure that its own `lane` signs. */
  addOfLane<N extends StructName>(
    line: number,
    what: string,
    name: N,
    value: Struct<N> & { lane: Hex },
    signature: Hex,
    verifyingContract: Hex,
  ): void {
    const hash = structHashBytes(name, value)
    this.add({ line, what, seq: null, hash, signature, signer: value.lane, verifyingContract })
  }
}
