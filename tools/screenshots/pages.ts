/** Every page that there is, with who sees it; ids are those of a used marketplace. */
import { createDb } from '@isochrone/db'
import type { Page } from '@playwright/test'
import type { InstanceInfo } from '../start/instance-file.ts'
import {
  askLeasePrice,
  askPlayground,
  beRefused,
  chooseBatchFile,
  chooseWrongBatchFile,
  openDialog,
  wishTooMuch,
} from './prepare-pages.ts'

export interface PageToShow {
  /** Of the file. */
  name: string
  path: string
  role: 'visitor' | 'newcomer' | 'team' | 'provider' | 'admin'
  /** HTTP status; 200 by default. */
  wants?: number
  /** What is done on it before it is looked at. */
  prepare?: (page: Page) => Promise<void>
}

/** As in the URL of the wizard; a listing opens at the first that is not done. */
const WIZARD_STEPS = ['machine', 'agent', 'models', 'prices', 'promises', 'stake', 'review'] as const

/** @throws Error where the marketplace was not used yet: a page of a request needs one. */
export async function pagesOf({ databaseUrl, model }: InstanceInfo): Promise<PageToShow[]> {
  const db = createDb(databaseUrl, { connectionsMax: 1 })
  try {
    const request = await db.request.findFirst({
      where: { status: 'succeeded', jobId: null, receipts: { some: { epoch: { not: null } } } },
      include: { receipts: true },
      orderBy: { receivedAt: 'asc' },
    })
    const receipt = request?.receipts.find(({ epoch }) => epoch !== null)
    const job = await db.job.findFirst({ orderBy: { createdAt: 'desc' } })
    if (!request || !receipt || !job) throw new Error('The marketplace was not used, or nothing of it is closed yet.')
    const batch = await db.batch.findFirst({ where: { status: 'completed' }, orderBy: { createdAt: 'desc' } })
    const refused = await db.batch.findFirst({ where: { status: 'failed' }, orderBy: { createdAt: 'desc' } })
    const cancelled = await db.batch.findFirst({ where: { status: 'cancelled' }, orderBy: { createdAt: 'desc' } })
    const listing = await db.listing.findFirst({ orderBy: { createdAt: 'desc' } })
    const lease = await db.lease.findFirst({ orderBy: { createdAt: 'desc' } })
    const leaseReceipt = await db.leaseReceipt.findFirst({ orderBy: { epoch: { sort: 'asc', nulls: 'last' } } })
    const dispute = await db.dispute.findFirst({ orderBy: { filedAtMs: 'desc' } })
    const node = await db.node.findFirstOrThrow({ where: { nodeId: receipt.nodeId } })
    const epoch = `/epochs/${receipt.lane}/${receipt.epoch}`
    return [
      { name: 'marketplace', path: '/', role: 'visitor' },
      { name: 'marketplace-map', path: '/?view=map', role: 'visitor' },
      { name: 'marketplace-nothing', path: '/?q=no-such-node', role: 'visitor' },
      { name: 'offer', path: `/offers/${node.id}`, role: 'visitor' },
      { name: 'provider-public', path: `/providers/${node.providerId}`, role: 'visitor' },
      { name: 'epochs', path: '/epochs', role: 'visitor' },
      { name: 'epoch', path: epoch, role: 'visitor' },
      { name: 'record', path: `${epoch}/records/${receipt.nodeId}`, role: 'visitor' },
      { name: 'receipt', path: `/receipts/${receipt.lane}/${receipt.seq}`, role: 'visitor' },
      { name: 'sign-in', path: '/sign-in', role: 'visitor' },
      { name: 'sign-up', path: '/sign-up', role: 'visitor' },
      { name: 'design', path: '/design', role: 'visitor' },
      { name: 'not-found', path: '/nowhere', role: 'visitor', wants: 404 },
      { name: 'welcome', path: '/welcome', role: 'newcomer' },
      { name: 'leases', path: '/leases', role: 'team' },
      { name: 'lease-new', path: '/leases/new', role: 'team' },
      { name: 'lease-new-offer', path: `/leases/new?node=${node.id}`, role: 'team' },
      { name: 'lease-new-price', path: '/leases/new', role: 'team', prepare: askLeasePrice },
      { name: 'lease-new-refused', path: '/leases/new', role: 'team', prepare: wishTooMuch },
      ...(lease ? [{ name: 'lease', path: `/leases/${lease.id}`, role: 'team' } as const] : []),
      ...(leaseReceipt
        ? [
            {
              name: 'lease-receipt',
              path: `/receipts/${leaseReceipt.lane}/${leaseReceipt.seq}`,
              role: 'team',
            } as const,
          ]
        : []),
      { name: 'disputes', path: '/disputes', role: 'team' },
      { name: 'dispute-new', path: `/disputes/new?lane=${receipt.lane}&seq=${receipt.seq}`, role: 'team' },
      { name: 'dispute-epoch', path: `/disputes/new/epoch?lane=${receipt.lane}&epoch=${receipt.epoch}`, role: 'team' },
      {
        name: 'dispute-record',
        path: `/disputes/new/record?lane=${receipt.lane}&epoch=${receipt.epoch}&node=${receipt.nodeId}`,
        role: 'team',
      },
      ...(dispute ? [{ name: 'dispute', path: `/disputes/${dispute.id}`, role: 'team' } as const] : []),
      { name: 'dashboard', path: '/dashboard', role: 'team' },
      { name: 'playground', path: '/playground', role: 'team' },
      { name: 'playground-answer', path: '/playground', role: 'team', prepare: askPlayground(model) },
      { name: 'playground-refused', path: '/playground', role: 'team', prepare: beRefused(model) },
      { name: 'requests', path: '/requests', role: 'team' },
      { name: 'request', path: `/requests/${request.id}`, role: 'team' },
      { name: 'usage', path: '/usage?days=1', role: 'team' },
      { name: 'jobs', path: '/jobs', role: 'team' },
      { name: 'batches', path: '/batches', role: 'team' },
      { name: 'job', path: `/jobs/${job.id}`, role: 'team' },
      { name: 'batch-new', path: '/batches/new', role: 'team' },
      { name: 'batch-new-checked', path: '/batches/new', role: 'team', prepare: chooseBatchFile(model) },
      { name: 'batch-new-wrong', path: '/batches/new', role: 'team', prepare: chooseWrongBatchFile(model) },
      ...(batch ? [{ name: 'batch', path: `/batches/${batch.id}`, role: 'team' } as const] : []),
      ...(refused ? [{ name: 'batch-refused', path: `/batches/${refused.id}`, role: 'team' } as const] : []),
      ...(cancelled ? [{ name: 'batch-cancelled', path: `/batches/${cancelled.id}`, role: 'team' } as const] : []),
      { name: 'keys', path: '/keys', role: 'team' },
      { name: 'keys-new', path: '/keys', role: 'team', prepare: openDialog('Create key') },
      { name: 'keys-budget', path: '/keys', role: 'team', prepare: openDialog(/^Change budget/) },
      { name: 'balance', path: '/balance', role: 'team' },
      { name: 'routing', path: '/settings/routing', role: 'team' },
      { name: 'webhooks', path: '/settings/webhooks', role: 'team' },
      { name: 'provider-start', path: '/provider', role: 'team' },
      { name: 'provider', path: '/provider', role: 'provider' },
      { name: 'provider-claims', path: '/provider/claims', role: 'provider' },
      { name: 'provider-payouts', path: '/provider/payouts', role: 'provider' },
      { name: 'provider-jobs', path: '/provider/jobs', role: 'provider' },
      { name: 'provider-list', path: '/provider/list', role: 'provider' },
      ...(listing ? [{ name: 'listing', path: `/provider/list/${listing.id}`, role: 'provider' } as const] : []),
      ...(listing ? WIZARD_STEPS : []).map((step) => ({
        name: `listing-${step}`,
        path: `/provider/list/${listing?.id}?step=${step}`,
        role: 'provider' as const,
      })),
      { name: 'provider-verification', path: '/provider/verification', role: 'provider' },
      { name: 'admin', path: '/admin', role: 'admin' },
      { name: 'admin-disputes', path: '/admin/disputes', role: 'admin' },
      {
        name: 'admin-record',
        path: `/admin/disputes/record?lane=${receipt.lane}&epoch=${receipt.epoch}&node=${receipt.nodeId}`,
        role: 'admin',
      },
      ...(dispute ? [{ name: 'admin-dispute', path: `/admin/disputes/${dispute.id}`, role: 'admin' } as const] : []),
      { name: 'admin-verification', path: '/admin/verification?show=all', role: 'admin' },
      { name: 'admin-queues', path: '/admin/queues', role: 'admin' },
      { name: 'admin-audit', path: '/admin/audit', role: 'admin' },
      { name: 'admin-jobs', path: '/admin/jobs', role: 'admin' },
      { name: 'admin-job', path: `/admin/jobs/${job.id}`, role: 'admin' },
    ]
  } finally {
    await db.$disconnect()
  }
}

/** @param only parts of names, between commas; all pages without it. */
export function pagesNamed(pages: readonly PageToShow[], only: string | undefined): PageToShow[] {
  const parts = only?.split(',').filter((part) => part !== '') ?? []
  return pages.filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)))
}
