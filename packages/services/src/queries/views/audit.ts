/** What staff did, as the log keeps it. */

export interface AuditEntry {
  id: string
  atMs: number
  userId: string
  email: string
  /** The procedure, such as `admin.prepareRuling`. */
  action: string
  subject: string
  /** `asked`, `done`, or the code of the refusal. */
  outcome: string
  detail: Record<string, unknown>
}

export interface AuditFilterInput {
  cursor?: string | undefined
  limit?: number | undefined
  action?: string | undefined
  /** A user's id, or a part of an address. */
  who?: string | undefined
  subject?: string | undefined
  outcome?: 'done' | 'asked' | 'refused' | undefined
}
