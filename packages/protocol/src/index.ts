export * from './receipts/fields.ts'
export * from './receipts/types.ts'
export { decodeStruct, encodeStruct } from './receipts/json.ts'
export type { StructJson } from './receipts/json.ts'
export { domainSeparator, structDigest, structHash, typedDataOf } from './receipts/eip712.ts'
export type { SigningDomain } from './receipts/eip712.ts'
export { recoverStructSigner, signStruct } from './receipts/sign.ts'
export {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  bytes32ToAddress,
  randomBytes32,
  regionFromBytes8,
  regionToBytes8,
} from './receipts/identifiers.ts'
export {
  canonicalJson,
  deliveryPriceMicroUsd,
  documentHashOf,
  leasePriceMicroUsd,
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
export type { MerkleTree, ReceiptKind } from './receipts/merkle.ts'
export * from './receipts/epoch-file-lines.ts'
export {
  openEpochFileWriter,
  parseEpochFileLine,
  readEpochFile,
  readEpochFileText,
  writeEpochFile,
} from './receipts/epoch-file.ts'
export type {
  EpochFileSource,
  EpochFileText,
  EpochFileWriter,
  ReadEpochFileOptions,
  WrittenEpochFile,
} from './receipts/epoch-file.ts'
export { bytesToHex, createKeccakStream, hexToBytes, keccak256 } from './crypto/keccak.ts'
export type { KeccakStream } from './crypto/keccak.ts'
export { recoverAddress, secp256k1Backend, signDigest } from './crypto/secp256k1.ts'
export * from './link/frames.ts'
export * from './link/messages.ts'
export { outputChain, requestHashOf } from './link/output-chain.ts'
export type { OutputChain } from './link/output-chain.ts'
export * from './bus/control.ts'
export * from './bus/receipt-stream.ts'
export * from './bus/keys.ts'
export * from './bus/dispatch.ts'
