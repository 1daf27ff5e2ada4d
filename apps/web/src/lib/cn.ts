/** Joins class names; a later Tailwind utility wins over an earlier one of the same kind. */
import { clsx, type ClassValue } from 'clsx'
import { twMerge } from 'tailwind-merge'

/**
 * One `class` attribute out of whatever conditions a component has. A single text is taken as it is: it has nothing to win
 * over, and the first merge costs a page some ten milliseconds, which most pages in a browser then never pay.
 */
export function cn(...classes: ClassValue[]): string {
  const given = classes.filter(Boolean)
  const [only] = given
  if (given.length === 1 && typeof only === 'string') return only
  return given.length === 0 ? '' : twMerge(clsx(given))
}
