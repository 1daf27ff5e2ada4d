'use client'
/**
 * Finds the witness that is nearest to this visitor, when they ask: their browser times a few requests to each. What it found
 * stays here; only the witness that was chosen goes into the URL and a cookie.
 */
import { Radar } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { Button } from '~/components/ui/button.tsx'
import { formatMs } from '~/lib/words/format.ts'
import { measureWitnesses, type WitnessDistance, type WitnessPlace } from '~/lib/listing/nearest-witness.ts'
import { hrefWith } from '~/lib/page/search.ts'
import { rememberWitness } from '~/lib/page/witness-cookie.ts'

export interface NearestWitnessProps {
  witnesses: readonly WitnessPlace[]
  search: Record<string, string | undefined>
}

export function NearestWitness({ witnesses, search }: NearestWitnessProps) {
  const router = useRouter()
  const [isMeasuring, setMeasuring] = useState(false)
  const [measured, setMeasured] = useState<WitnessDistance[] | null>(null)
  async function measure() {
    setMeasuring(true)
    const found = await measureWitnesses(witnesses)
    setMeasuring(false)
    setMeasured(found)
    const nearest = found.find(({ rttMs }) => rttMs !== null)
    if (!nearest) return
    rememberWitness(nearest.name)
    router.push(hrefWith('/', search, { from: nearest.name, cursor: undefined }), { scroll: false })
  }
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-2">
      <p role="status" className="text-xs text-ink-3">
        {isMeasuring ? 'Measuring…' : measured && wordsOf(measured)}
      </p>
      <Button
        size="sm"
        pending={isMeasuring}
        title="Your browser sends six small requests to each witness and takes the fastest. Nothing is sent before you press this."
        onClick={() => void measure()}
      >
        <Radar aria-hidden className="size-3.5" /> Measure from here
      </Button>
    </div>
  )
}

const SHOWN_MAX = 3

function wordsOf(measured: readonly WitnessDistance[]): string {
  const reached = measured.filter((each): each is { name: string; rttMs: number } => each.rttMs !== null)
  const [nearest, ...others] = reached
  if (!nearest) return 'No witness answered this browser. Choose one under More filters.'
  const next = others.slice(0, SHOWN_MAX - 1).map(({ name, rttMs }) => `${name} ${formatMs(rttMs)}`)
  const silent = measured.length - reached.length
  const sentences = [
    `${nearest.name} is nearest: ${formatMs(nearest.rttMs)} from here.`,
    next.length > 0 && `Then ${next.join(', ')}.`,
    silent > 0 && `${silent} did not answer.`,
  ]
  return sentences.filter(Boolean).join(' ')
}
