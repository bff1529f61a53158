/** The artifacts of a backup: the trees one after the other, and a line of JSON for each of their entries. */
export const TAR = { extension: 'tar' } as const;
export const LIST = { role: 'files', extension: 'jsonl' } as const;
