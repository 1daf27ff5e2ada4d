/** A team's API keys: made here, shown once, refused by every gateway within a second of being revoked. */
import { Ban, CircleCheck, KeyRound } from 'lucide-react'
import { CreateKeyDialog } from '~/components/keys/create-key-dialog.tsx'
import { EditBudgetDialog } from '~/components/keys/edit-budget-dialog.tsx'
import { KeyBudget } from '~/components/keys/key-budget.tsx'
import { RevokeKeyDialog } from '~/components/keys/revoke-key-dialog.tsx'
import { Badge } from '~/components/ui/badge.tsx'
import { DataTable } from '~/components/ui/data-table.tsx'
import { EmptyState } from '~/components/ui/empty-state.tsx'
import { PageHeader } from '~/components/ui/page-header.tsx'
import { Utc } from '~/components/ui/values.tsx'
import { gatewayUrl } from '~/server/context.ts'
import { pageData } from '~/server/page-data.ts'
import { adminOnlyReason, requireOrganisation } from '~/server/require.ts'

export const metadata = { title: 'API keys' }

export default async function KeysPage() {
  const organisation = await requireOrganisation('/keys')
  const disabledReason = adminOnlyReason(organisation)
  const [keys, market] = await pageData('/keys', (api) =>
    Promise.all([api.keys.list(), api.marketplace.offers({ liveOnly: true })]),
  )
  const model = market.offers[0]?.models[0]?.model ?? 'isochrone-demo-tiny'
  return (
    <>
      <PageHeader
        title="API keys"
        description="A key spends this organisation’s balance, up to its budget where it has one. Its secret is shown once; we keep only its hash."
        // Always in this place: were it to move when the first key appears, its dialog would close on the secret.
        actions={<CreateKeyDialog disabledReason={disabledReason} gatewayUrl={await gatewayUrl()} model={model} />}
      />
      <DataTable
        label="API keys"
        className="sm:min-w-[900px]"
        stacks
        rows={keys}
        rowKey={(key) => key.id}
        columns={[
          { head: 'Name', className: 'font-medium', cell: (key) => key.name },
          { head: 'Starts with', cell: (key) => <code className="font-mono text-xs">{key.start}…</code> },
          { head: 'State', cell: (key) => <KeyState enabled={key.enabled} /> },
          { head: 'Spent', cell: (key) => <KeyBudget {...key} /> },
          { head: 'Created, UTC', cell: (key) => <Utc at={key.createdAtMs} bare /> },
          { head: 'Last used, UTC', cell: (key) => <Utc at={key.lastUsedAtMs} bare /> },
          {
            head: 'Expires, UTC',
            cell: (key) => (key.expiresAtMs === null ? 'never' : <Utc at={key.expiresAtMs} bare />),
          },
        ]}
        actions={(key) =>
          key.enabled && (
            <div className="flex flex-wrap gap-2 sm:flex-nowrap sm:justify-end">
              <EditBudgetDialog id={key.id} name={key.name} budget={key.budget} disabledReason={disabledReason} />
              <RevokeKeyDialog id={key.id} name={key.name} disabledReason={disabledReason} />
            </div>
          )
        }
        empty={
          <EmptyState icon={KeyRound} title="No API keys yet">
            A key is what your programs send with each request. Create the first one above.
          </EmptyState>
        }
      />
    </>
  )
}

function KeyState({ enabled }: { enabled: boolean }) {
  return enabled ? (
    <Badge tone="good" icon={CircleCheck}>
      active
    </Badge>
  ) : (
    <Badge icon={Ban}>revoked</Badge>
  )
}
