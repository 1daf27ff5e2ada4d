/** Which nodes staff want to see of those whose checks want a person. */

/**
 * `attention`: failed, or with a newest verdict of invalid or unverifiable. `due`: its time has come and no worker has
 * checked it yet.
 */
export const verificationFilters = ['attention', 'failed', 'unverified', 'due', 'all'] as const

export type VerificationFilter = (typeof verificationFilters)[number]
