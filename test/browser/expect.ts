// `expect` of vitest without vitest, which needs Node: the page is built with this in its place.
import { JestChaiExpect } from '@vitest/expect';
import * as chai from 'chai';

chai.use(JestChaiExpect);

export const { expect } = chai;
