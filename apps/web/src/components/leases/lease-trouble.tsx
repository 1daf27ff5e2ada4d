/** What is wrong with a lease, what happens about it by itself, and what it costs. Nothing where nothing is wrong. */
import type { LeaseStatus } from '@isochrone/domain'
import type { LeaseSummary } from '@isochrone/services'
import { Notice } from '~/components/ui/notice.tsx'

/** What happens next, by state. */
const nextWords: Record<LeaseStatus, string> = {
  requested: '',
  provisioning: 'The engine is asked for again, then on another node. Nothing is billed until it serves.',
  running: 'It is read again in a moment. Time that the node does not sign for is not billed.',
  moving:
    'A node is looked for each second, for ten minutes; then the lease ends. Time without an engine costs nothing.',
  stopping: 'It is tried a few times more, then the lease ends without: that time is not billed.',
  stopped: '',
  expired: '',
  failed: 'What it did not use was given back.',
}

export function LeaseTrouble({ lease: { status, error } }: { lease: LeaseSummary }) {
  if (error === null) return null
  return (
    <Notice tone={status === 'failed' ? 'bad' : 'warn'} className="mb-4">
      <p className="font-medium">{sentence(error)}</p>
      {nextWords[status] !== '' && <p>{nextWords[status]}</p>}
    </Notice>
  )
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`
