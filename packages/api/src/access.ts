/**
 * The one table of procedure × role. A test holds it against the router and calls every procedure in every role.
 *
 * Rows of other organisations need no entry here: procedures act on the caller's own organisation alone.
 */
export type Access = 'public' | 'user' | 'org' | 'org-admin' | 'provider' | 'provider-admin' | 'admin'

export const procedureAccess = {
  'marketplace.offers': 'public',
  'marketplace.offer': 'public',
  'epochs.list': 'public',
  'epochs.detail': 'public',
  'epochs.receipts': 'public',
  'epochs.record': 'public',
  'receipts.detail': 'public',
  'receipts.place': 'public',
  'session.me': 'public',
  'session.createOrganisation': 'user',
  'requests.list': 'org',
  'requests.detail': 'org',
  'jobs.list': 'org',
  'jobs.detail': 'org',
  'jobs.cancel': 'org',
  'jobs.retry': 'org',
  'jobs.stats': 'org',
  'webhooks.list': 'org',
  'webhooks.create': 'org-admin',
  'webhooks.remove': 'org-admin',
  'webhooks.deliveries': 'org',
  'webhooks.redeliver': 'org-admin',
  'keys.list': 'org',
  'keys.create': 'org-admin',
  'keys.revoke': 'org-admin',
  'balance.get': 'org',
  'balance.history': 'org',
  'balance.fund': 'org-admin',
  'balance.walletPrepare': 'org-admin',
  'balance.walletLink': 'org-admin',
  'balance.walletStatus': 'org',
  'organisation.routing': 'org',
  'organisation.setRouting': 'org-admin',
  'organisation.previewRouting': 'org',
  'provider.create': 'org-admin',
  'provider.overview': 'provider',
  'provider.nodes': 'provider',
  'provider.earnings': 'provider',
  'provider.claims': 'provider',
  'provider.joinTokens': 'provider',
  'provider.createJoinToken': 'provider-admin',
  'provider.revokeJoinToken': 'provider-admin',
  'admin.overview': 'admin',
  'admin.jobs': 'admin',
  'admin.jobStats': 'admin',
  'admin.job': 'admin',
} as const satisfies Record<string, Access>

export type ProcedurePath = keyof typeof procedureAccess
