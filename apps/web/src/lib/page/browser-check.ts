/** One thing that a page checked in the reader's browser: what it is, how it ended, and what was compared. */
import type { Check } from '@isochrone/services'

export interface BrowserCheck {
  name: string
  verdict: Check['verdict']
  detail: string
}

export const valid = (name: string, detail: string): BrowserCheck => ({ name, verdict: 'valid', detail })
export const invalid = (name: string, detail: string): BrowserCheck => ({ name, verdict: 'invalid', detail })
export const unverifiable = (name: string, detail: string): BrowserCheck => ({ name, verdict: 'unverifiable', detail })
