/** What is there of an answer that broke off, in the terms of whoever goes on with it and of the bill. Pure. */
import type { AttemptRecord } from './attempt-record.ts'

export interface AnswerSoFar {
  text: string
  /** Tokens handed on. */
  tokens: number
  /** Of the limit that was reserved. */
  tokensLeft: number
  /** Of the attempts that delivered them. */
  billedMicroUsd: bigint
  delivered: { attempt: number; tokens: number }[]
}

/** `leg`: the attempts that delivered this answer, in order. */
export function answerSoFar(text: string, leg: readonly AttemptRecord[], tokensOutMax: number): AnswerSoFar {
  const delivered = leg.map(({ result: { seen } }) => ({
    attempt: seen.intent.attempt,
    tokens: seen.tokensDelivered,
  }))
  const tokens = delivered.reduce((sum, part) => sum + part.tokens, 0)
  const billedMicroUsd = leg.reduce((sum, { completed }) => sum + completed.priceMicroUsd, 0n)
  return { text, tokens, tokensLeft: tokensOutMax - tokens, billedMicroUsd, delivered }
}
