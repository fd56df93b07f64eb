// Where the page begins.
import './ui.js';
import {settled} from './list.js';
import './keys.js';
import './composer.js';
import './travel.js';

settled();
