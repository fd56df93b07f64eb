// Package console is the agents' workplace in a browser: pages and fragments drawn from what the API answers, with the
// styles and small scripts that make them quick.
//
// What a ticket may do, who may see it, and any look at a store do not belong here: the console asks the API's own
// operations inside the process, as the person whose request it serves, so that rights stand in one place.
package console
