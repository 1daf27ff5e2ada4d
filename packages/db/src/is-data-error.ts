/**
 * Whether the database refused the data itself, so that trying again would fail again; false for a lost connection, a
 * timeout or a conflict, which pass.
 */
import { Prisma } from './generated/client.ts'

/** Prisma codes of what passes: transaction API and pool timeouts, write conflicts. P1xxx are connection troubles. */
const passing = new Set(['P2024', 'P2028', 'P2034', 'P2037'])

export function isDataError(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientValidationError) return true
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false
  if (error.code === 'P2010') return /Code: `(22|23)/.test(error.message)
  return error.code.startsWith('P2') && !passing.has(error.code)
}
