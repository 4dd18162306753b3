/** The types of places.mjs, for the tests. */
export const project: string;
export const readAtStart: string;
export function cacheFolder(): string;
export function root70Folder(): string;
export function workbenchFolder(): string;
