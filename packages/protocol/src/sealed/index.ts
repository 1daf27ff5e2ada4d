/** Sealed requests, for Node and browsers: nothing here needs more than WebCrypto. */
export { toBase64Url, fromBase64Url } from './base64url.ts'
export * from './envelope.ts'
export { sealRequest, newSealedId, type SealedRequest } from './seal-request.ts'
export {
  createSealingKeyPair,
  openRequest,
  readHeader,
  type OpenedRequest,
  type SealingKeyPair,
} from './open-request.ts'
export type { AnswerOpener, AnswerSealer } from './answer-cipher.ts'
