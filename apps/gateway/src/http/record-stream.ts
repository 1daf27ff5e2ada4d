/** What a stream said, for whoever asks again: bounded, and all or nothing. */
import type { KeptAnswer } from '../idempotency/kept-answer.ts'

const BYTES_MAX = 768 * 1024

export interface StreamRecording {
  head(headers: Record<string, string>): void
  add: (part: Uint8Array) => void
  /** With its last events; null where it was too long, or never began. */
  whole(events: string): KeptAnswer | null
}

export function recordStream(): StreamRecording {
  const parts: Uint8Array[] = []
  let headers: Record<string, string> | null = null
  let bytes = 0
  return {
    head: (sent) => void (headers = { ...sent, 'content-type': 'text/event-stream; charset=utf-8' }),
    add(part) {
      bytes += part.length
      if (bytes <= BYTES_MAX) parts.push(part)
      else parts.length = 0
    },
    whole(events) {
      if (headers === null || bytes + Buffer.byteLength(events) > BYTES_MAX) return null
      return { headers, body: Buffer.concat(parts).toString('utf8') + events }
    },
  }
}
