/** Keyset cursors: the time and id of the last row, as opaque text. A cursor that we never made is `invalid_input`. */
import { AppError } from '@isochrone/domain'
import type { Before } from '../ports/control-plane-store.ts'
import type { Page } from './views/common.ts'

const DEFAULT_LIMIT = 50
const LIMIT_MAX = 200

export function limitOf(limit: number | undefined): number {
  return Math.min(LIMIT_MAX, Math.max(1, limit ?? DEFAULT_LIMIT))
}

export function decodeCursor(cursor: string | undefined): Before | null {
  if (cursor === undefined) return null
  const match = /^(\d{1,15})\.([\w-]{1,120})$/.exec(cursor)
  if (!match) throw new AppError('invalid_input', { publicMessage: 'cursor: is not valid.', field: 'cursor' })
  return { at: new Date(Number(match[1])), id: match[2] ?? '' }
}

/** @param rows one more than `limit` where there is a next page. */
export function pageOf<R, T>(rows: R[], limit: number, keyOf: (row: R) => Before, viewOf: (row: R) => T): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const key = rows.length > limit && last !== undefined ? keyOf(last) : null
  return { items: shown.map(viewOf), nextCursor: key && `${key.at.getTime()}.${key.id}` }
}
