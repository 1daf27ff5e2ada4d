/** How long an attempt may take. */

export interface AttemptLimits {
  /** Longest wait for the first token, and between tokens, ms. */
  silenceMsMax: number
  /** Longest attempt in all, ms. */
  totalMsMax: number
  /** For how long its customer may hold it up in all, ms; absent: no limit of its own. */
  heldUpMsMax?: number
  /** What is left of the time that the client gives it, ms; null where it names none. */
  deadlineMs?: number | null
  /** One try of queued work, of which others may follow. */
  isOneTry?: boolean
}
