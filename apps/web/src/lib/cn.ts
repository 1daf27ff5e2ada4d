/** Joins class names; a later Tailwind utility wins over an earlier one of the same kind. */
import { clsx, type ClassValue } from 'clsx'
import { twMerge } from 'tailwind-merge'

/** One `class` attribute out of whatever conditions a component has. */
export function cn(...classes: ClassValue[]): string {
  return twMerge(clsx(classes))
}
