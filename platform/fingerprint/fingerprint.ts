/** What was found in one service: the name of each thing, and its value or a hash of it. */
export type Fingerprint = Record<string, string>;
