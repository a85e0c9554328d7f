/** What data sets on disk can be. The readers are in `formats`, for Node alone. */
export type FormatName =
  | 'mnist'
  | 'idx'
  | 'cifar10'
  | 'cifar100'
  | 'image-list'
  | 'waterbirds'
  | 'adult'
  | 'csv'
  | 'npz';
