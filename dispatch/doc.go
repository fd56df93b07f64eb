// Package dispatch is the bell: it signals and starts workflows, and the relay rings where a bell was not heard.
//
// It decides nothing and keeps nothing; what is to be rung for stands in the record.
package dispatch
