import type { BaselineSettings } from './baseline.js';
import { cdtBaseline } from './cdt.js';
import { classBalancedBaseline } from './class-balanced.js';
import { crossEntropyBaseline } from './cross-entropy.js';
import { crtBaseline } from './crt.js';
import { focalBaseline } from './focal.js';
import { groupDroBaseline } from './group-dro.js';
import { groupLogitAdjustmentBaseline, groupVsBaseline, groupWeightedBaseline } from './group-vs.js';
import { labelSmoothingBaseline } from './label-smoothing.js';
import { ldamBaseline, ldamDrwBaseline } from './ldam.js';
import { logitAdjustmentBaseline, postHocLogitAdjustmentBaseline } from './logit-adjustment.js';
import { lwsBaseline } from './lws.js';
import { tauNormBaseline } from './tau-norm.js';
import { vsBaseline } from './vs.js';
import { weightedCrossEntropyBaseline } from './weighted-cross-entropy.js';

/** Every baseline, in the order of tables; command line, configuration and documents list what is listed here. */
export const baselines = {
  'cross-entropy': crossEntropyBaseline,
  weighted: weightedCrossEntropyBaseline,
  'class-balanced': classBalancedBaseline,
  focal: focalBaseline,
  'label-smoothing': labelSmoothingBaseline,
  ldam: ldamBaseline,
  'ldam-drw': ldamDrwBaseline,
  'logit-adjustment': logitAdjustmentBaseline,
  cdt: cdtBaseline,
  vs: vsBaseline,
  'post-hoc-logit-adjustment': postHocLogitAdjustmentBaseline,
  'tau-norm': tauNormBaseline,
  crt: crtBaseline,
  lws: lwsBaseline,
  'group-weighted': groupWeightedBaseline,
  'group-logit-adjustment': groupLogitAdjustmentBaseline,
  'group-vs': groupVsBaseline,
  'group-dro': groupDroBaseline,
} as const;

export type BaselineName = keyof typeof baselines;

export const baselineNames = Object.keys(baselines) as [BaselineName, ...BaselineName[]];

/** Settings to change, by baseline. */
export type BaselineOverrides = { readonly [N in BaselineName]?: BaselineSettings };
