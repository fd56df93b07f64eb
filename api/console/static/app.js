// Where the page begins.
import './ui.js';
import {begin} from './list.js';
import './keys.js';
import './bulk.js';
import './messages.js';
import './table.js';
import './views.js';
import './composer.js';
import './expander.js';
import './travel.js';
import './live.js';
import './guard.js';

begin();
