/**
 * The log of what staff did, and of what organisations changed about the money of their keys. An action of staff is written
 * before it and after it; nothing here changes or removes a row.
 */
import { AppError } from '@isochrone/domain'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { AuditStore } from '../ports/dispute-store.ts'
import { limitOf } from '../queries/cursor.ts'
import type { AuditEntry, AuditFilterInput } from '../queries/views/audit.ts'
import type { Page } from '../queries/views/common.ts'

export interface AuditNote {
  userId: string
  email: string
  action: string
  /** What the action was given, as it came. */
  input: unknown
  outcome: string
}

const TEXT_MAX = 500
const FIELDS_MAX = 20

/** `store` may be a transaction: then the note stands where the change does, and nowhere else. */
export async function noteAudit({ store }: { store: { audit: AuditStore } }, note: AuditNote): Promise<void> {
  const { userId, email, action, outcome } = note
  const detail = detailOf(note.input)
  const subject = String(detail.id ?? detail.subject ?? '')
  await store.audit.append({ userId, email, action, subject, outcome, detail })
}

export async function auditLog(
  { store }: Pick<ControlPlaneDeps, 'store'>,
  { cursor, limit, action, who, subject, outcome }: AuditFilterInput,
): Promise<Page<AuditEntry>> {
  if (cursor !== undefined && !/^\d{1,18}$/.test(cursor)) {
    throw new AppError('invalid_input', { publicMessage: 'cursor: is not valid.', field: 'cursor' })
  }
  const count = limitOf(limit)
  const rows = await store.audit.rows({
    action: action ?? null,
    who: who ?? null,
    subject: subject ?? null,
    outcome: outcome ?? null,
    beforeId: cursor === undefined ? null : BigInt(cursor),
    limit: count + 1,
  })
  const shown = rows.slice(0, count)
  const last = shown.at(-1)
  return {
    items: shown.map(({ id, at, detail, ...rest }) => ({
      ...rest,
      id: String(id),
      atMs: at.getTime(),
      detail: typeof detail === 'object' && detail !== null ? (detail as Record<string, unknown>) : {},
    })),
    nextCursor: rows.length > count && last ? String(last.id) : null,
  }
}

/** Plain values of bounded size: the log must take whatever was sent, a caller's worst included. */
function detailOf(input: unknown): Record<string, string | number | boolean | null> {
  if (typeof input !== 'object' || input === null) return {}
  const fields = Object.entries(input).slice(0, FIELDS_MAX)
  return Object.fromEntries(fields.map(([name, value]) => [clean(name), plain(value)]))
}

function plain(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'string' || typeof value === 'bigint') return clean(String(value))
  return clean(JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each)) ?? '')
}

/** Postgres keeps no NUL and no half of a surrogate pair. */
function clean(text: string): string {
  return text.slice(0, TEXT_MAX).replaceAll('\0', '').toWellFormed()
}
