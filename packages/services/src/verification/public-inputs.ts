/**
 * What a verdict was judged by, as far as anybody may read it: the node's owner too. A GPU's UUID stays out, because who knows it can name
 * it in a node of its own; so do the requests that replays were bought with, because who knows them can tell the next ones.
 */
import type { CheckKind } from './checks/check-result.ts'

/** What is beyond is in the database. */
const CHARACTERS_MAX = 8_000

const shown: Readonly<Record<CheckKind, readonly string[]>> = {
  gpu_uuids: ['count', 'namedEarlier', 'namedLater'],
  matmul: ['reports'],
  sharing: [
    'declared',
    'usualUs',
    'slower',
    'between',
    'apart',
    'unsteady',
    'crowded',
    'noisy',
    'evidence',
    'decision',
    'rounds',
  ],
  region: ['region', 'place', 'reports'],
  model: ['modelHash', 'good', 'bad', 'evidence'],
  metering: ['receipts', 'overstated', 'evidence'],
}

/** JSON; `{}` for what is of no known kind. */
export function publicInputs(kind: string, inputs: unknown): string {
  const known = isKind(kind) && typeof inputs === 'object' && inputs !== null ? inputs : {}
  const fields = isKind(kind) ? shown[kind] : []
  const text = JSON.stringify(Object.fromEntries(fields.flatMap((name) => fieldOf(known, name))), null, 1)
  return text.length > CHARACTERS_MAX ? `${text.slice(0, CHARACTERS_MAX)}\n… cut` : text
}

function isKind(kind: string): kind is CheckKind {
  return Object.hasOwn(shown, kind)
}

function fieldOf(from: object, name: string): [string, unknown][] {
  return Object.entries(from).filter(([key]) => key === name)
}
