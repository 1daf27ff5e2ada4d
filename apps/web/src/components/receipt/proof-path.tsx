'use client'
/** A receipt's path to its root: drawn, and as a table whose every line can be hashed by hand. */
import type { InclusionView } from '@isochrone/services'
import { useEffect, useState } from 'react'
import { VerdictBadge } from '~/components/status.tsx'
import { CopyButton } from '~/components/ui/copy-button.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Table, Td, Th, Tr } from '~/components/ui/table.tsx'
import { Hash } from '~/components/ui/values.tsx'
import type { HashedPath, ProvenKind } from '~/lib/verify/check-jobs.ts'
import { runCheck } from '~/lib/verify/run-check.ts'
import type { Fields } from '~/lib/verify/signed-structs.ts'
import { ProofDrawing } from './proof-drawing.tsx'

const subjects: Record<ProvenKind, string> = {
  DeliveryReceipt: 'Delivery receipt',
  WorkReceipt: 'Work receipt',
  LeaseReceipt: 'Lease receipt',
}
/** Of leaves, see the protocol's `merkle.ts`. */
const tags: Record<ProvenKind, number> = { DeliveryReceipt: 2, WorkReceipt: 1, LeaseReceipt: 3 }

export interface ProofPathProps {
  kind: ProvenKind
  fields: Fields
  inclusion: InclusionView
}

export function ProofPath({ kind, fields, inclusion }: ProofPathProps) {
  const path = usePath(kind, fields, inclusion)
  if (path === null) return <p className="text-ink-2">Hashing the path in your browser…</p>
  if (path instanceof Error) {
    return (
      <Notice tone="bad" live>
        Your browser could not hash this path: {path.message}. Load the page again, or check the whole epoch with{' '}
        <code className="font-mono">npm run verify-epoch</code>.
      </Notice>
    )
  }
  const root = path.steps.at(-1)?.parent ?? path.leaf
  const holds = root === inclusion.root
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 xl:grid-cols-[minmax(0,26rem)_minmax(0,1fr)]">
      <div className="max-h-[36rem] overflow-y-auto rounded-md border border-line bg-surface p-3">
        <ProofDrawing leaf={path.leaf} steps={path.steps} subject={subjects[kind]} />
      </div>
      <div className="min-w-0">
        <Table
          label={`Steps from the ${subjects[kind].toLowerCase()} to the root`}
          className="min-w-[600px] whitespace-nowrap"
        >
          <thead>
            <tr>
              <Th numeric>Step</Th>
              <Th>Smaller hash</Th>
              <Th>Larger hash</Th>
              <Th>Keccak-256 of both</Th>
              <Th>64 bytes</Th>
            </tr>
          </thead>
          <tbody>
            <Tr>
              <Td numeric>0</Td>
              <Td colSpan={2}>
                tag {tags[kind]} ‖ <Hash value={path.structHash} label="struct hash" />
                <span className="text-ink-3"> hashed twice</span>
              </Td>
              <Td>
                <Hash value={path.leaf} label="leaf" />
              </Td>
              <Td>
                <CopyButton
                  label="bytes of the leaf"
                  value={`0x${tags[kind].toString(16).padStart(64, '0')}${path.structHash.slice(2)}`}
                />
              </Td>
            </Tr>
            {path.steps.map((step, index) => (
              <Tr key={step.parent}>
                <Td numeric>{index + 1}</Td>
                <Side hash={step.left} own={step.own === 'left'} />
                <Side hash={step.right} own={step.own === 'right'} />
                <Td>
                  <Hash value={step.parent} label={`hash of step ${index + 1}`} />
                </Td>
                <Td>
                  <CopyButton label={`bytes of step ${index + 1}`} value={`${step.left}${step.right.slice(2)}`} />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
        <p className="mt-2 flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-ink-3">
          <VerdictBadge verdict={holds ? 'valid' : 'invalid'} />
          {holds ? 'The last hash is the root that was anchored:' : 'The last hash is not the root that was anchored:'}
          <Hash value={inclusion.root} label="anchored root" />
          <span>
            over {inclusion.leaves} {inclusion.leaves === 1 ? 'leaf' : 'leaves'}. Copy the bytes of a step and hash them
            with any tool, for example <code className="font-mono text-ink-2">cast keccak 0x…</code>.
          </span>
        </p>
      </div>
    </div>
  )
}

function Side({ hash, own }: { hash: string; own: boolean }) {
  return (
    <Td className={own ? 'bg-accent-soft' : undefined}>
      <span className="flex items-center gap-1.5">
        <Hash value={hash} label={own ? 'hash on the way' : 'sibling'} />
        <span className="text-2xs text-ink-2">{own ? 'own' : 'sibling'}</span>
      </span>
    </Td>
  )
}

/** Hashed here, from the signed fields: nothing of the page's own word about the leaf is used. Null until it is done. */
function usePath(kind: ProvenKind, fields: Fields, { proof }: InclusionView): HashedPath | Error | null {
  const [path, setPath] = useState<HashedPath | Error | null>(null)
  useEffect(() => {
    let current = true
    const hash = async () => {
      const found = await runCheck('path', { kind, fields, proof: proof ?? [] }).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      )
      if (current) setPath(found)
    }
    void hash()
    return () => {
      current = false
    }
  }, [kind, fields, proof])
  return path
}
