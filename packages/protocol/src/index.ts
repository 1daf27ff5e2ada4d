export * from './receipts/fields.ts'
export * from './receipts/types.ts'
export { decodeStruct, encodeStruct } from './receipts/json.ts'
export type { StructJson } from './receipts/json.ts'
export {
  digestOfHash,
  domainSeparator,
  structDigest,
  structHash,
  structHashBytes,
  typedDataOf,
} from './receipts/eip712.ts'
export type { SigningDomain } from './receipts/eip712.ts'
export {
  isHashSignedBy,
  isStructSignedBy,
  recoverHashSigner,
  recoverStructSigner,
  signStruct,
  signStructHashed,
} from './receipts/sign.ts'
export {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  bytes32ToAddress,
  payoutKeyOf,
  randomBytes32,
  regionFromBytes8,
  regionToBytes8,
} from './receipts/identifiers.ts'
export {
  canonicalJson,
  deliveryPriceMicroUsd,
  documentHashOf,
  leasePriceMicroUsd,
  leaseReadingOf,
  pricesOfTerms,
  termsHashOf,
} from './receipts/terms.ts'
export {
  LeafBuffer,
  leafBytesOfHash,
  leafOfHash,
  merkleProof,
  merkleRoot,
  merkleTree,
  receiptLeaf,
  verifyMerkleProof,
} from './receipts/merkle.ts'
export type { Leaves, MerkleTree, ReceiptKind } from './receipts/merkle.ts'
export { brokenLinks, type BrokenLink } from './receipts/receipt-links.ts'
export * from './receipts/epoch-file-lines.ts'
export type { DisputeAction, DisputedReceipt } from './dispute-action.ts'
export {
  openEpochFileWriter,
  parseEpochFileLine,
  readEpochFile,
  readEpochFileText,
  readEpochFileToDamage,
  UnfinishedLineError,
  writeEpochFile,
} from './receipts/epoch-file.ts'
export { DamagedGzipError } from './receipts/inflate.ts'
export type { EpochFileSource } from './receipts/inflate.ts'
export type { EpochFileText, EpochFileWriter, ReadEpochFileOptions, WrittenEpochFile } from './receipts/epoch-file.ts'
export { bytesToHex, createKeccakStream, hexToBytes, keccak256 } from './crypto/keccak.ts'
export type { KeccakStream } from './crypto/keccak.ts'
export { isSignatureOf, prepareSigning, recoverAddress, secp256k1Backend, signDigest } from './crypto/secp256k1.ts'
export { createKnownSigners } from './crypto/known-signers/known-signers.ts'
export type { KnownSigners } from './crypto/known-signers/known-signers.ts'
export type { SignedDigest } from './crypto/known-signers/signed-digest.ts'
export { secp256k1BackendNamed } from './crypto/secp256k1-backends.ts'
export type { Secp256k1Backend, Secp256k1BackendName } from './crypto/secp256k1-backends.ts'
export { createFrameOutbox, type FrameOutbox } from './link/frame-outbox.ts'
export * from './link/frames.ts'
export * from './link/messages.ts'
export * from './link/engine-report.ts'
export { parseReceiptConfirm, parseStreamOpen } from './link/usual-messages.ts'
export * from './sealed/envelope.ts'
export { answerIdOf } from './link/answer-id.ts'
export { outputChain, requestHashOf } from './link/output-chain.ts'
export type { OutputChain } from './link/output-chain.ts'
export * from './bus/control.ts'
export * from './bus/receipt-stream.ts'
export * from './bus/keys.ts'
export * from './bus/dispatch.ts'
export * from './challenge/matmul.ts'
export * from './witness/messages.ts'
export * from './bus/lease.ts'
