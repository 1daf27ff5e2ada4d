'use client'
/** What the policy leaves of the market now: how many nodes, and why the others are out. */
import { Link } from '~/components/ui/link.tsx'
import { CircleCheck, CircleSlash, LoaderCircle } from 'lucide-react'
import type { RoutingPreviewNode } from '@isochrone/services'
import { Notice } from '~/components/ui/notice.tsx'
import { Section } from '~/components/ui/page-header.tsx'
import { cn } from '~/lib/cn.ts'
import { nodeLabel } from '~/lib/words/format.ts'
import { rejectionText } from '~/lib/market/placement.ts'
import type { PreviewState } from './use-routing-preview.ts'

const NODES_SHOWN = 12

export function PreviewPanel({ preview: { data, error, pending } }: { preview: PreviewState }) {
  return (
    <Section title="What this leaves" description="Of the nodes on offer, right now and for any model.">
      <div aria-busy={pending}>
        <p role="status" className="mb-2 flex items-center gap-2 text-lg font-semibold">
          {error ? 'Not counted' : data ? `${data.eligible} of ${data.total} nodes` : 'Counting…'}
          {pending && <LoaderCircle aria-hidden className="size-3.5 animate-spin text-ink-3" />}
        </p>
        {data && data.total > 0 && data.eligible === 0 && !error && (
          <Notice tone="warn" className="mb-2">
            <p>No node is left: until one is, every request is refused.</p>
            {data.changes.length > 0 && (
              <>
                <p className="mt-1">What would let one in:</p>
                <ul className="list-disc pl-4">
                  {data.changes.map((change) => (
                    <li key={change}>{change}</li>
                  ))}
                </ul>
              </>
            )}
          </Notice>
        )}
        {data && !error && <Nodes nodes={data.nodes} />}
      </div>
      {error && <p className="text-bad">{error.message}</p>}
    </Section>
  )
}

function Nodes({ nodes }: { nodes: RoutingPreviewNode[] }) {
  const hidden = nodes.length - NODES_SHOWN
  return (
    <ul className="rounded-md border border-line bg-surface">
      {nodes.slice(0, NODES_SHOWN).map((node) => {
        const Icon = node.out ? CircleSlash : CircleCheck
        return (
          <li key={node.id} className="flex items-start gap-2 border-b border-line px-3 py-2 last:border-b-0">
            <Icon aria-hidden className={cn('mt-0.5 size-4 shrink-0', node.out ? 'text-ink-3' : 'text-good')} />
            <div className="min-w-0">
              <Link href={`/offers/${node.id}`} className="link">
                {nodeLabel(node)}
              </Link>{' '}
              <span className="text-xs text-ink-3">
                {node.gpuClass}, {node.region} ({node.country})
              </span>
              <p className="text-xs text-ink-2">
                {node.out
                  ? `Out: ${node.out === 'excluded' ? 'you exclude it' : rejectionText(node.out)}.`
                  : 'May serve.'}
              </p>
            </div>
          </li>
        )
      })}
      {hidden > 0 && <li className="px-3 py-2 text-xs text-ink-3">and {hidden} more</li>}
    </ul>
  )
}
