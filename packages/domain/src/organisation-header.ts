/** Header by which a page names the organisation that it was opened for, with all that it asks the server to do. */
export const ORGANISATION_HEADER = 'x-isochrone-organisation'
