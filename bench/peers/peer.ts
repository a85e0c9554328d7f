import type { Work } from '../work.js';

/** Times of one case at a peer, milliseconds. */
export interface PeerTimes {
  readonly times: readonly number[];
  /** The most memory it took beyond what it held before, where that is known. */
  readonly bytes?: number;
}

/** Another engine, measured beside ours in the same run. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  /** `undefined` if it does not do this kind of work. */
  time(work: Work, seconds: number): Promise<PeerTimes | undefined>;
  stop(): void;
}

/** A peer, or why it is not here. */
export type PeerStatus = { readonly name: string } & ({ readonly peer: Peer } | { readonly absent: string });
