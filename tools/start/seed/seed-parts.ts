/** What the demonstration's rows are written with. */
import type { Db, Store } from '@isochrone/db'
import type { ControlPlane, ControlPlaneDeps } from '@isochrone/services'

export interface SeedParts {
  db: Db
  store: Store
  controlPlane: ControlPlane
  deps: ControlPlaneDeps
}
