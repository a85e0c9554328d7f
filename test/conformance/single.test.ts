import { checkDerivatives } from './derivative-suite.js';

// A file of its own, so that it runs beside the f64 derivatives.
checkDerivatives('f32');
