/** By what the node of a lease was chosen, in a sentence: the same holds wherever it moves. */
import type { LeaseConstraints } from '@isochrone/services'
import { dataPolicyWords, trustWords } from '~/lib/words/node-words.ts'

export function LeaseConstraintsLine({ constraints }: { constraints: LeaseConstraints | null }) {
  if (constraints === null) return null
  return (
    <p className="mb-6 text-ink-2">
      Its node was chosen by constraints: {constraintWords(constraints).join(', ')}. Wherever it moves, the same holds.
    </p>
  )
}

function constraintWords(constraints: LeaseConstraints): string[] {
  const { gpuClasses, gpuMemoryGibMin, regions, dataPolicy, minTrust } = constraints
  return [
    gpuClasses.length > 0 ? gpuClasses.join(' or ') : 'any GPU class',
    ...(gpuMemoryGibMin === null ? [] : [`${gpuMemoryGibMin} GiB at least`]),
    regions.length > 0 ? `in ${regions.join(' or ')}` : 'anywhere',
    ...(dataPolicy === 'any' ? [] : [dataPolicyWords[dataPolicy].label.toLowerCase()]),
    ...(minTrust === 'claimed' ? [] : [`${trustWords[minTrust].label.toLowerCase()} at least`]),
  ]
}
