// Command duradesk is the help desk: one binary with a subcommand for each process and each act of administration.
//
// It reads the environment and joins ports to doors; what the desk does is in the packages it joins.
package main
