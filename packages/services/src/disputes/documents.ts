/** Evidence, answers and reasons: texts of bounded size and type, named on-chain by the Keccak-256 of their bytes. */
import { AppError } from '@isochrone/domain'
import { bytesToHex, keccak256, type Hex } from '@isochrone/protocol'

export interface DocumentInput {
  mediaType: string
  text: string
}

export interface CheckedDocument extends DocumentInput {
  hash: Hex
}

export const DOCUMENT_BYTES_MAX = 64 * 1024
export const documentTypes = ['text/plain', 'application/json'] as const

/** What a document is called: `evidence`, `answer`, `reason`. */
export function checkDocument(name: string, { mediaType, text }: DocumentInput): CheckedDocument {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length > DOCUMENT_BYTES_MAX) {
    throw new AppError('payload_too_large', {
      publicMessage: `The ${name} has ${bytes.length} bytes; at most ${DOCUMENT_BYTES_MAX} are kept. Shorten it, or hand in a link and the hash of what is there.`,
      field: name,
    })
  }
  if (!documentTypes.some((known) => known === mediaType)) {
    throw new AppError('unsupported_media_type', {
      publicMessage: `The ${name} is ${mediaType || 'of no type'}; only plain text and JSON are taken.`,
      field: name,
    })
  }
  if (text.trim() === '') {
    throw new AppError('invalid_input', { publicMessage: `${name}: is empty. Say what happened.`, field: name })
  }
  // Postgres keeps no NUL, and the text must come back byte for byte for its hash.
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new AppError('invalid_input', { publicMessage: `${name}: is not text.`, field: name })
  }
  if (mediaType === 'application/json' && !isJson(text)) {
    throw new AppError('invalid_input', {
      publicMessage: `${name}: says that it is JSON, and cannot be read as that.`,
      field: name,
    })
  }
  return { mediaType, text, hash: bytesToHex(keccak256(bytes)) }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
