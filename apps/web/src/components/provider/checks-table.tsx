/** The newest verdict of each check of a node: what was found, until when it holds, and what would fix it. */
import type { CheckKind, CheckView } from '@isochrone/services'
import { SimulatedBadge, SimulatedNetworkBadge, VerdictBadge } from '~/components/status.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { Utc } from '~/components/ui/values.tsx'

/** Checks by the name that people read. */
export const checkNames: Record<CheckKind, string> = {
  gpu_uuids: 'GPU UUIDs',
  matmul: 'Int8 challenge',
  sharing: 'Shared hardware',
  region: 'Region, by light',
  model: 'Model, by replay',
  metering: 'Token counts',
}

export function ChecksTable({ checks, label = 'Checks' }: { checks: readonly CheckView[]; label?: string }) {
  return (
    <DataTable
      label={label}
      className="sm:min-w-[640px]"
      stacks
      rows={checks}
      rowKey={({ kind }) => kind}
      columns={[
        { head: 'Check', className: 'whitespace-nowrap font-medium', cell: ({ kind }) => checkNames[kind] },
        {
          head: 'Verdict',
          cell: ({ verdict, simulated, kind }) => (
            <span className="flex flex-col items-start gap-1">
              <VerdictBadge verdict={verdict} />
              {simulated && kind === 'region' && <SimulatedNetworkBadge />}
              {simulated && kind === 'gpu_uuids' && <SimulatedBadge />}
            </span>
          ),
        },
        {
          head: 'Found',
          className: 'max-sm:col-span-2',
          cell: ({ finding, fix, expired }) => (
            <>
              {finding}
              {expired && <span className="text-ink-3"> (the verdict has run out)</span>}
              {fix && <div className="text-xs text-ink-3">{fix}</div>}
            </>
          ),
        },
        { head: 'Checked, UTC', cell: ({ checkedAtMs }) => <Utc at={checkedAtMs} bare /> },
        { head: 'Good until, UTC', cell: ({ validUntilMs }) => <Utc at={validUntilMs} bare /> },
      ]}
    />
  )
}
