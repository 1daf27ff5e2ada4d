/** Where one can go, by role: the one list behind the side bar and the command palette. */

export interface NavItem {
  href: string
  label: string
  icon: NavIcon
  /** Words that find it in the palette, beside its label. */
  keywords?: string
}

export type NavIcon =
  | 'marketplace'
  | 'overview'
  | 'playground'
  | 'requests'
  | 'usage'
  | 'jobs'
  | 'batches'
  | 'keys'
  | 'leases'
  | 'balance'
  | 'nodes'
  | 'won'
  | 'join'
  | 'claims'
  | 'epochs'
  | 'routing'
  | 'webhooks'
  | 'admin'
  | 'disputes'
  | 'audit'
  | 'verification'

export interface NavGroup {
  title: string
  items: NavItem[]
}

export interface NavViewer {
  signedIn: boolean
  hasTeam: boolean
  hasProvider: boolean
  isAdmin: boolean
}

const publicItems: NavItem[] = [
  { href: '/', label: 'Marketplace', icon: 'marketplace', keywords: 'offers nodes gpu models prices' },
  { href: '/epochs', label: 'Epochs', icon: 'epochs', keywords: 'settlement anchors merkle chain' },
]

const teamItems: NavItem[] = [
  { href: '/dashboard', label: 'Overview', icon: 'overview', keywords: 'dashboard home quick start' },
  {
    href: '/playground',
    label: 'Playground',
    icon: 'playground',
    keywords: 'chat prompt try model stream placement curl',
  },
  { href: '/requests', label: 'Requests', icon: 'requests', keywords: 'receipts history' },
  { href: '/usage', label: 'Usage', icon: 'usage', keywords: 'cost tokens spend charts models' },
  { href: '/jobs', label: 'Queued jobs', icon: 'jobs', keywords: 'queue batch scheduler background responses wait' },
  { href: '/batches', label: 'Batches', icon: 'batches', keywords: 'files jsonl lines bulk openai window' },
  { href: '/leases', label: 'Leases', icon: 'leases', keywords: 'rent gpus hours endpoint private' },
  { href: '/keys', label: 'API keys', icon: 'keys', keywords: 'secret token create revoke' },
  {
    href: '/settings/webhooks',
    label: 'Webhooks',
    icon: 'webhooks',
    keywords: 'settings events deliveries signature notify',
  },
  {
    href: '/balance',
    label: 'Balance',
    icon: 'balance',
    keywords: 'funds deposit ceiling wallet billing channel statement csv',
  },
  { href: '/disputes', label: 'Disputes', icon: 'disputes', keywords: 'refund claim appeal arbiter answer evidence' },
  { href: '/settings/routing', label: 'Routing', icon: 'routing', keywords: 'settings policy price latency regions' },
]

const providerItems: NavItem[] = [
  { href: '/provider', label: 'Nodes & earnings', icon: 'nodes', keywords: 'provider payouts' },
  { href: '/provider/claims', label: 'Claims', icon: 'claims', keywords: 'pending payout record release frozen stake' },
  { href: '/provider/payouts', label: 'Payouts', icon: 'balance', keywords: 'managed account withdraw stake withheld' },
  {
    href: '/provider/jobs',
    label: 'Won & lost',
    icon: 'won',
    keywords: 'jobs decisions why lost price latency slo standing reasons',
  },
  {
    href: '/provider/list',
    label: 'List a node',
    icon: 'join',
    keywords: 'wizard listing agent gpu join token prices stake',
  },
  {
    href: '/provider/verification',
    label: 'Verification',
    icon: 'admin',
    keywords: 'checks verdicts challenge region witness',
  },
]

/** The groups that this viewer may open, in the order in which they are shown. */
export function navGroups({ signedIn, hasTeam, hasProvider, isAdmin }: NavViewer): NavGroup[] {
  return [
    { title: 'Market', items: publicItems },
    ...(signedIn && hasTeam ? [{ title: 'Team', items: teamItems }] : []),
    ...(signedIn ? [{ title: 'Provider', items: hasProvider ? providerItems : providerItems.slice(0, 1) }] : []),
    ...(isAdmin
      ? [
          {
            title: 'Platform',
            items: [
              { href: '/admin', label: 'Operations', icon: 'admin', keywords: 'admin queues gateways' } as NavItem,
              {
                href: '/admin/disputes',
                label: 'Dispute desk',
                icon: 'disputes',
                keywords: 'admin arbiter ruling vote case',
              } as NavItem,
              {
                href: '/admin/verification',
                label: 'Verification queue',
                icon: 'verification',
                keywords: 'admin checks nodes invalid due evidence recheck',
              } as NavItem,
              {
                href: '/admin/queues',
                label: 'Queues',
                icon: 'batches',
                keywords: 'admin bullmq redis workers rounds waiting delayed schedule',
              } as NavItem,
              { href: '/admin/audit', label: 'Audit log', icon: 'audit', keywords: 'admin staff history' } as NavItem,
              { href: '/admin/jobs', label: 'Scheduler', icon: 'jobs', keywords: 'admin jobs queue wait' } as NavItem,
            ],
          },
        ]
      : []),
  ]
}
