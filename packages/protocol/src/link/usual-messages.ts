/**
 * What a gateway sends for every request, checked by hand: the schema's own answer without its price, which is more than what
 * the message says. Whatever else comes goes to the schema, which is what decides, and which names what is wrong.
 */
import { receiptConfirm, streamOpen, type ReceiptConfirm, type StreamOpen } from './messages.ts'

const BYTES_32 = /^0x[0-9a-f]{64}$/
const SIGNATURE = /^0x[0-9a-f]{130}$/
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

type Check = (value: unknown) => boolean

const isBytes32: Check = (value) => typeof value === 'string' && BYTES_32.test(value)
const isText: Check = (value) => typeof value === 'string'
const isFrom =
  (min: number, max = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max

const promptFields = new Map<string, Check>([['tokens', isFrom(0)]])
const promptOptional = new Map<string, Check>([['aheadMax', isFrom(0)]])

const openFields = new Map<string, Check>([
  ['requestId', isBytes32],
  ['attempt', isFrom(0, 255)],
  ['channelId', isBytes32],
  ['termsHash', isBytes32],
  ['model', isText],
  ['modelHash', isBytes32],
  ['salt', isBytes32],
  ['path', (value) => value === '/v1/chat/completions' || value === '/v1/completions'],
  ['timeoutMs', isFrom(1)],
  ['tokensOutMax', isFrom(1)],
])
const openOptional = new Map<string, Check>([
  ['prompt', isPrompt],
  ['traceparent', (value) => typeof value === 'string' && TRACEPARENT.test(value)],
])

/** `tokens`, perhaps `aheadMax`, and nothing else. */
function isPrompt(value: unknown): boolean {
  return isUsual(value, promptFields, promptOptional)
}

const confirmFields = new Map<string, Check>([
  ['workHash', isBytes32],
  ['delivery', isStruct],
  ['signature', (value) => typeof value === 'string' && SIGNATURE.test(value)],
  ['reason', (value) => value === null],
])

/** Throws as the schema does. */
export function parseStreamOpen(json: unknown): StreamOpen {
  return isUsual(json, openFields, openOptional) ? (json as unknown as StreamOpen) : streamOpen.parse(json)
}

/** Throws as the schema does. */
export function parseReceiptConfirm(json: unknown): ReceiptConfirm {
  return isUsual(json, confirmFields, NONE) ? (json as unknown as ReceiptConfirm) : receiptConfirm.parse(json)
}

const NONE: ReadonlyMap<string, Check> = new Map()

/** All of `fields`, and nothing beside them and `optional`: the schema would leave out what it does not know. */
function isUsual(
  json: unknown,
  fields: ReadonlyMap<string, Check>,
  optional: ReadonlyMap<string, Check>,
): json is Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false
  let known = 0
  for (const name in json) {
    const value = (json as Record<string, unknown>)[name]
    const check = fields.get(name)
    if (check) known++
    if ((check ?? optional.get(name))?.(value) !== true) return false
  }
  return known === fields.size
}

/** Numbers of a structure are finite: JSON has no others. */
function isStruct(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  for (const name in value) {
    const field = (value as Record<string, unknown>)[name]
    if (typeof field !== 'string' && !Number.isFinite(field)) return false
  }
  return true
}
