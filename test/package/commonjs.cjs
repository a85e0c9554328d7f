const autobalance = require('autobalance');

import('./train.mjs').then(({ train }) => train(autobalance)).then((result) => console.log(JSON.stringify(result)));
